"""The first schema: the mall, its video, the ledgers, people, paths, audit and keys."""

from sql.migrations.files import run

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make everything."""
    run("0001_up.sql", "0001_functions.sql", "0001_grants.sql")


def downgrade() -> None:
    """Drop everything."""
    run("0001_down.sql")
