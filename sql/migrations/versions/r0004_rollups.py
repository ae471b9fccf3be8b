"""Rollups, kept by the load: visits to sections, and sums by hour and by day."""

from sql.migrations.files import run

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them to the third schema, and compute them for what is loaded."""
    run("0004_up.sql", "0004_functions.sql", "0004_grants.sql", "0004_fill.sql")


def downgrade() -> None:
    """Back to the third schema."""
    run("0004_down.sql")
