"""Lists of who has an attribute, and distances within sections."""

from sql.migrations.files import run

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them to the eighth schema, without rewriting what is there."""
    run("0009_up.sql", "0009_functions.sql", "0009_fill.sql")


def downgrade() -> None:
    """Back to the eighth schema, which looks attributes up person by person."""
    run("0009_down.sql")
