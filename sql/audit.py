"""Who asked what, and what came of it: one row for every read."""

from collections.abc import Mapping
from typing import Any

from psycopg.types.json import Jsonb

from sql.store import Connection
from sql.text import statement


def record(
    connection: Connection,
    who: str,
    action: str,
    question: str | None,
    inputs: Mapping[str, Any],
    outcome: str,
    request_id: str,
) -> None:
    """Write the row; `inputs` must be fit for JSON. The role `read` may write the audit but not read it."""
    row = {
        "who": who,
        "action": action,
        "question": question,
        "inputs": Jsonb(dict(inputs)),
        "outcome": outcome,
        "request_id": request_id,
    }
    connection.execute(statement("audit/record"), row)
