"""Who has an attribute is looked up once for a question, not once for each day."""

from sql.migrations.files import run

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Replace the functions of questions that take attributes."""
    run("0011_up.sql")


def downgrade() -> None:
    """Back to the functions of the ninth schema."""
    run("0011_down.sql")
