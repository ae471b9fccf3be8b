"""Old days are moved aside, older ones dropped, but for those on legal hold."""

from sql.migrations.files import run

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add retention."""
    run("0006_up.sql")


def downgrade() -> None:
    """Back to keeping everything at hand; what was moved aside is lost."""
    run("0006_down.sql")
