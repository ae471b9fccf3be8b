"""When nobody saw a person whose path goes on."""

from sql.migrations.files import run

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add `person_track.unseen` and `seen_parts`."""
    run("0013_up.sql")


def downgrade() -> None:
    """Forget when nobody saw somebody."""
    run("0013_down.sql", "0012_functions.sql")
