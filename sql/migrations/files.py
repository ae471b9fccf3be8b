"""Runs the SQL files of a migration."""

from pathlib import Path

from alembic import op
from sqlalchemy import Connection


def run(*names: str) -> None:
    """Execute SQL files of this folder, in order, within a migration."""
    for name in names:
        execute_file(op.get_bind(), name)


def execute_file(connection: Connection, name: str) -> None:
    """Execute one SQL file of this folder: any number of statements, in which `%` is just a sign."""
    text = (Path(__file__).parent / name).read_text()
    connection.exec_driver_sql(text, execution_options={"no_parameters": True})
