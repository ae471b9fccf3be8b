"""Cameras without calibration, and calibrations with a lens."""

from sql.migrations.files import run

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them to the third schema."""
    run("0004_up.sql")


def downgrade() -> None:
    """Back to the third schema, which knows neither."""
    run("0004_down.sql")
