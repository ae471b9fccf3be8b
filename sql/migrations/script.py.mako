"""${message}."""

from sql.migrations.files import run

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One step up."""
    run("${up_revision}_up.sql")


def downgrade() -> None:
    """One step down."""
    run("${up_revision}_down.sql")
