"""A whole day may be built aside and swapped in."""

from sql.migrations.files import run

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what a load of a whole day needs."""
    run("0005_up.sql")


def downgrade() -> None:
    """Back to loads of hours alone."""
    run("0005_down.sql")
