"""Requests for extraction, the jobs that wait for them, the outbox, handlers; quarantine and gaps."""

from sql.migrations.files import run

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them to the first schema."""
    run("0002_up.sql", "0002_functions.sql", "0002_grants.sql")


def downgrade() -> None:
    """Back to the first schema."""
    run("0002_down.sql")
