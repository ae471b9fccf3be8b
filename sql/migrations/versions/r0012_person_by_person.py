"""Paths person by person, and what people did in a section by its visits alone."""

from sql.migrations.files import run

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let `walks` take people, and measure visits."""
    run("0012_up.sql")


def downgrade() -> None:
    """Back to the functions of the eleventh schema."""
    run("0012_down.sql")
