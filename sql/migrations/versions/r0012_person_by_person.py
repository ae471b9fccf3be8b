"""Paths person by person, people in a section by its visits alone, sums of stays and changes of floor, pictures looked at."""

from sql.migrations.files import run

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add `walks_of`, `measured_visits`, the sums and what keeps them."""
    run("0012_up.sql", "0012_functions.sql")


def downgrade() -> None:
    """Back to the functions of the eleventh schema."""
    run("0012_down.sql")
