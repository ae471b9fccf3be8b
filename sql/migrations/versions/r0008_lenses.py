"""Cameras without calibration, and calibrations with a lens."""

from sql.migrations.files import run

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them to the seventh schema."""
    run("0008_up.sql")


def downgrade() -> None:
    """Back to the seventh schema, which knows neither."""
    run("0008_down.sql")
