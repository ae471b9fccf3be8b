"""What ended long ago may be forgotten; an hour knows the versions that it was loaded with."""

from sql.migrations.files import run

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it to the second schema."""
    run("0003_up.sql")


def downgrade() -> None:
    """Back to the second schema."""
    run("0003_down.sql")
