"""Questions no longer write all pieces of paths down first."""

from sql.migrations.files import run

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let plans see through `walks`."""
    run("0007_up.sql")


def downgrade() -> None:
    """As it was made."""
    run("0007_down.sql")
