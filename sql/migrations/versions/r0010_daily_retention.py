"""Video leaves after its time, once a day."""

from sql.migrations.files import run

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what the daily retention needs to the ninth schema."""
    run("0010_up.sql")


def downgrade() -> None:
    """Back to the ninth schema."""
    run("0010_down.sql")
