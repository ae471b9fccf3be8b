"""Cameras without calibration, and calibrations with a lens."""

from sql.migrations.files import run

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them to the sixth schema."""
    run("0007_up.sql")


def downgrade() -> None:
    """Back to the sixth schema, which knows neither."""
    run("0007_down.sql")
