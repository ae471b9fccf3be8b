"""Runs the benchmark: `python -m cluster.bench_store`."""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil

import cluster.bench_store
from cluster.bench_store import asking, columnar, filled, report, truths
from cluster.embedded.postgres import PostgresServer
from sql import store
from sql.store import Store

SERVER = {
    "shared_buffers": f"{psutil.virtual_memory().total // 4 >> 20}MB",  # a quarter, as its manual advises
    "max_wal_size": "8GB",
    "checkpoint_timeout": "15min",
    "max_locks_per_transaction": "512",
}


def main() -> None:
    """Load, measure, write the figures and print them as a table."""
    options = _options()
    with _server(options.keep) as dsns, _stores(dsns) as (admin, ingest, read):
        figures = measured(admin, ingest, read, options)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(figures, indent=1) + "\n")
    sys.stdout.write(report.table(figures) + "\n")


def measured(admin: Store, ingest: Store, read: Store, options: argparse.Namespace) -> dict[str, Any]:
    """All figures, part by part."""
    crowd = filled.Crowd(options.days, options.people, options.seed)
    figures: dict[str, Any] = {"days": options.days, "people": options.people}
    figures["load"] = filled.load(admin, ingest, crowd)
    figures["size"] = filled.sizes(admin, crowd)
    figures["copy"] = filled.copy(admin, crowd, figures["load"]["day_s"])
    figures["literal"] = filled.literal(admin, crowd, figures["load"]["day_s"])
    figures["questions"] = asking.questions(read, crowd, options.asks)
    figures["answers"] = truths.answers(read, crowd)
    figures["clients"] = asking.clients(read, crowd, options.asks)
    figures["columns"] = columnar.compared(admin, read, crowd, options.asks)
    figures["retention"] = filled.retention(admin)
    if options.peak:
        figures["peak"] = _peak(admin, ingest, read, crowd, options.asks)
    return figures


def _peak(admin: Store, ingest: Store, read: Store, crowd: filled.Crowd, asks: int) -> dict[str, Any]:
    """One day of ten times the people, after the others."""
    busy = filled.Crowd(1, crowd.people * 10, crowd.seed, crowd.first + timedelta(days=crowd.days + 1))
    before = sum(filled.sizes(admin, crowd).values())
    load = filled.load(admin, ingest, busy)
    grown = sum(filled.sizes(admin, crowd).values()) - before
    return {
        "people": busy.people,
        "load_s": load["day_s"],
        "kb_a_person_day": round(grown * crowd.people * crowd.days / busy.people, 1),
        "questions": asking.questions(read, busy, asks),
    }


@contextmanager
def _server(keep: Path | None) -> Iterator[dict[str, str]]:
    with tempfile.TemporaryDirectory(prefix="mall-bench-store-") as scratch:
        folder = keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
        server = PostgresServer(folder / "pg", SERVER)
        server.start()
        try:
            superuser = server.create_database("bench")
            store.migrate(superuser, ahead=timedelta(0))
            yield {"superuser": superuser, **dict(store.make_logins(superuser).items())}
        finally:
            if keep is None:
                server.remove()
            else:
                server.stop()


@contextmanager
def _stores(dsns: dict[str, str]) -> Iterator[tuple[Store, Store, Store]]:
    with (
        Store(dsns["superuser"], role="admin") as admin,
        Store(dsns["ingest"], role="ingest") as ingest,
        Store(dsns["read"], role="read", size=8, statement_timeout_s=30) as read,
    ):
        yield admin, ingest, read


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=cluster.bench_store.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--days", type=int, default=2)
    parser.add_argument("--people", type=int, default=24_000)
    parser.add_argument("--asks", type=int, default=20, help="how often each question is asked")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--peak", action="store_true", help="also load and ask one day of ten times the people")
    parser.add_argument("--keep", type=Path, help="a folder that keeps the store for the next run")
    parser.add_argument("--json", type=Path, default=Path("runs/bench-store.json"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
