"""Video leaves after its time, once a day."""

from sql.migrations.files import run

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what the daily retention needs to the eighth schema."""
    run("0009_up.sql")


def downgrade() -> None:
    """Back to the eighth schema."""
    run("0009_down.sql")
