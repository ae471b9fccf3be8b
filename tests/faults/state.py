"""What an extraction leaves behind, as content hashes that can be compared with those of another run."""

import hashlib
from collections.abc import Mapping
from contextlib import suppress

import psycopg

from models.world.periods import Window
from pipelines.flow import Resources
from pipelines.work import DEATHS
from sql import ledger
from sql.store import Store
from tests.pipelines.filmed import rows

LEDGERS = {
    "extraction_ledger": """
        select segment_id, extractor, state, reason, tracklets, sightings, replace(prefix, '/e' || epoch || '/', '/')
        from extraction_ledger order by segment_id, extractor
    """,
    "load_ledger": "select site, hour, state, people from load_ledger order by site, hour",
}
"""A result keeps the epoch in its name unless it was written under the claim that the ledger knows."""


LAST_LIFE = """
    select exists (select from extraction_ledger where state in ('running', 'failed') and attempts >= %s)
"""


def is_at_its_last_life(mall: Resources) -> bool:
    """Whether a segment has killed so many workers that it would be given up with the next; False while nobody can tell."""
    with suppress(psycopg.Error), psycopg.connect(mall.database_dsn, connect_timeout=5) as connection:
        row = connection.execute(LAST_LIFE, [DEATHS - 1]).fetchone()
        return row is not None and bool(row[0])
    return False


def hashes(mall: Resources, window: Window) -> Mapping[str, str]:
    """A hash of each table, of both ledgers, and of all objects that the ledger names."""
    found: dict[str, object] = dict(rows(mall))
    with psycopg.connect(mall.database_dsn) as connection:
        found |= {name: connection.execute(query).fetchall() for name, query in LEDGERS.items()}
    found["objects"] = _named(mall, window)
    return {name: hashlib.sha256(repr(content).encode()).hexdigest()[:16] for name, content in found.items()}


def _named(mall: Resources, window: Window) -> list[tuple[str, str, str]]:
    with Store(mall.database_dsn, role="ingest", size=1) as store, store.connection() as connection:
        winners = ledger.winners(connection, window)
    return [
        (str(winner.segment.segment_id), key.removeprefix(winner.prefix), _sha256(mall, key))
        for winner in winners
        for key in mall.objects.keys(winner.prefix)
    ]


def _sha256(mall: Resources, key: str) -> str:
    return hashlib.sha256(mall.objects.get_bytes(key)).hexdigest()
