"""Reads the SQL that lies beside the code."""

from functools import cache
from pathlib import Path

STATEMENTS = Path(__file__).parent / "statements"
QUERIES = Path(__file__).parent / "queries"


@cache
def statement(name: str) -> bytes:
    """The text of `statements/{name}.sql`, as psycopg takes it."""
    return (STATEMENTS / f"{name}.sql").read_bytes()
