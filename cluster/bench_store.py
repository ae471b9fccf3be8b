"""`make bench-store`: a store at full scale, loaded, asked and purged on this machine, in one run.

A private PostgreSQL in a folder, which is kept with `--keep` and then goes on where it is. Days of a crowd are loaded in
bulk; then are measured, wall time on all cores:

copy        thousand rows/s: the server's own COPY of a file of the rows of `person_location`, the bare COPY path from
            columns, and the whole load of a day (keys, paths, visits, rollups, coverage), both as a share of the first
size        kB a person and day, everything in, and its parts
questions   seconds of each question over a day and over all days, p95; each asked with other inputs every time
answers     how many answers of a day are the truth that numpy works out from the walks alone
clients     p95 of rollup questions with eight clients at once, as a multiple of one's
retention   seconds to drop a day's tables, against DELETE of the same rows
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from cluster.embedded.postgres import PostgresServer
from pipelines.simulator.crowd import filling
from pipelines.simulator.crowd.building import boxes, site
from pipelines.simulator.crowd.truth import Truth, day_window_s
from pipelines.simulator.crowd.walking import walk_day
from sql import catalogue, measuring, store
from sql.catalogue import Catalogue
from sql.store import Store

SERVER = {"shared_buffers": "3GB", "max_wal_size": "8GB", "checkpoint_timeout": "15min", "wal_compression": "on"}
WANTED = {"bare": 0.75, "load": 0.35, "kb": 40.0, "day_s": 0.06, "days_s": 1.5, "rollup_s": 0.025, "clients": 4.0}
ROLLUPS = ("footfall", "dwell-time", "flows", "visitors", "busiest-times", "heat-map")
FIRST = date(2026, 10, 24)
Ask = Callable[[str, tuple[float, float], np.random.Generator], float]


def main() -> None:
    """Load, measure, print and write the figures."""
    options = _options()
    with _server(options.keep) as dsns, _stores(dsns) as (admin, ingest, read):
        figures: dict[str, Any] = {"days": options.days, "people": options.people}
        figures["load"] = _load(admin, ingest, options)
        figures["size"] = _sizes(admin, options)
        figures["questions"] = _questions(read, options)
        figures["answers"] = _answers(read, options)
        figures["clients"] = _clients(read, options)
        figures["copy"] = _copy(admin, options, figures["load"]["day_s"])
        figures["retention"] = _retention(admin)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(figures, indent=1) + "\n")
    sys.stdout.write(json.dumps(figures, indent=1) + "\n" + "".join(f"MISSED {line}\n" for line in missed(figures)))


def missed(figures: dict[str, Any]) -> list[str]:
    """What is not as it is wanted at least."""
    asked, copy = figures["questions"].items(), figures["copy"]
    told = [
        ("bare COPY path to the server's own", copy["bare_to_server"], -WANTED["bare"]),
        ("whole load to the server's COPY", copy.get("load_to_server", 1.0), -WANTED["load"]),
        ("kB a person and day", figures["size"]["kb_a_person_day"], WANTED["kb"]),
        ("eight clients to one", figures["clients"]["times"], WANTED["clients"]),
        *(
            (f"{name} over a day, s", one["day_p95_s"], WANTED["rollup_s" if name in ROLLUPS else "day_s"])
            for name, one in asked
        ),
        *((f"{name} over all days, s", one.get("days_p95_s", 0), WANTED["days_s"]) for name, one in asked),
    ]
    wrong = figures["answers"]["asked"] - figures["answers"]["right"]
    lines = [
        f"{name}: {value} (wanted: {abs(limit)})" for name, value, limit in told if (value - abs(limit)) * limit > 0
    ]
    return [*lines, *([f"{wrong} answers are not the truth"] if wrong else [])]


def _load(admin: Store, ingest: Store, options: argparse.Namespace) -> dict[str, Any]:
    with admin.connection() as connection:
        known = measuring.loaded_days(connection)
    took = []
    for number in range(options.days):
        day = FIRST + timedelta(days=number)
        if day not in known:
            began = time.monotonic()
            filling.generate(admin, ingest, day, 1, options.people, options.seed)
            took.append(time.monotonic() - began)
    return {"loaded_days": len(took), "day_s": round(float(np.median(took)), 2) if took else None}


def _questions(read: Store, options: argparse.Namespace) -> dict[str, Any]:
    first, last = day_window_s(FIRST)[0], day_window_s(FIRST + timedelta(days=options.days - 1))[1]
    found: dict[str, Any] = {}
    for question in sorted(Catalogue.load().questions):
        random = np.random.default_rng(options.seed)
        day = [_timed(read, question, day_window_s(_some_day(options, random)), random) for _ in range(options.asks)]
        found[question] = {"day_p95_s": _p95(day)}
        if options.days > 1 and question in (*ROLLUPS, "queue-waiting", "people-over-time"):
            whole = [_timed(read, question, (first, last), random) for _ in range(max(options.asks // 2, 2))]
            found[question]["days_p95_s"] = _p95(whole)
    return found


def _timed(read: Store, question_id: str, window: tuple[float, float], random: np.random.Generator) -> float:
    question = Catalogue.load().question(question_id)
    given = {parameter.name for parameter in question.parameters}
    inputs: dict[str, Any] = {"from": _text(window[0]), "to": _text(window[1])} if "from" in given else {}
    if "at" in given:
        inputs["at"] = _text(random.uniform(*window))
    if "section" in given and question_id not in ("flows", "heat-map", "common-routes"):
        inputs["section"] = (
            "queue-food-court" if question_id == "queue-waiting" else str(random.choice(sorted(boxes())))
        )
    if "attribute" in given:
        inputs["attribute"] = [f"shirt:{random.choice(['black', 'white', 'grey', 'red'])}"]
    if question_id in ("passers-by", "paths", "people", "floor-changes", "common-routes"):
        start = window[0] + 3600 * float(random.integers(10, 18))
        inputs |= {"from": _text(start), "to": _text(start + 3600)}
    if question_id == "passers-by":
        inputs |= {"floor": 0, "x_m": float(random.uniform(20, 180)), "y_m": 30.0, "radius_m": 2.0}
    if question_id == "path-of-person":
        with read.connection() as connection:
            inputs |= {"person": str(measuring.somebody(connection, _day(window))), "purpose": "measuring"}
    bound = question.bind(inputs, site().time_zone)
    began = time.perf_counter()
    with read.connection() as connection:
        catalogue.ask(connection, question, bound)
    return time.perf_counter() - began


def _answers(read: Store, options: argparse.Namespace) -> dict[str, int]:
    """The truth of a day's footfall, dwell times, distances, visitors and flows, everybody and one colour."""
    random = np.random.default_rng(options.seed)
    day = _some_day(options, random)
    truth, window, right, asked = Truth(walk_day(day, options.people, options.seed)), day_window_s(day), 0, 0
    for wanted in ({}, {"shirt": "black"}):
        expected = {
            "footfall": truth.footfall(*window, None, wanted),
            "dwell-time": truth.dwell_time(*window, None, wanted),
            "average-distance": truth.average_distance(*window, wanted),
            "visitors": truth.visitors(*window, wanted),
            "flows": truth.flows(*window, wanted),
        }
        for question_id, rows in expected.items():
            question = Catalogue.load().question(question_id)
            attribute = [f"{key}:{value}" for key, value in wanted.items()]
            inputs = {"from": _text(window[0]), "to": _text(window[1]), "attribute": attribute}
            with read.connection() as connection:
                told = catalogue.ask(connection, question, question.bind(inputs, site().time_zone)).rows
            right, asked = right + same(told, rows), asked + 1
    return {"asked": asked, "right": right}


def same(rows: list[tuple[Any, ...]], truth: list[tuple[Any, ...]]) -> bool:
    """The same rows in any order; numbers to a ten-thousandth."""

    def close(one: Any, other: Any) -> bool:
        return bool(np.isclose(one, other, rtol=1e-9, atol=1e-4)) if isinstance(one, float) else bool(one == other)

    ours, theirs = sorted(rows, key=_words), sorted(truth, key=_words)
    return len(ours) == len(theirs) and all(all(map(close, a, b)) for a, b in zip(ours, theirs, strict=True))


def _words(row: tuple[Any, ...]) -> str:
    return str([one for one in row if isinstance(one, str | datetime)])


def _clients(read: Store, options: argparse.Namespace) -> dict[str, float]:
    def some(seed: int) -> list[float]:
        random = np.random.default_rng(seed)
        return [
            _timed(read, str(random.choice(ROLLUPS)), day_window_s(_some_day(options, random)), random)
            for _ in range(options.asks)
        ]

    alone = _p95(some(1))
    with ThreadPoolExecutor(8) as pool:
        together = _p95([one for took in pool.map(some, range(8)) for one in took])
    return {"alone_p95_s": alone, "eight_p95_s": together, "times": round(together / alone, 2)}


def _copy(admin: Store, options: argparse.Namespace, day_s: float | None) -> dict[str, Any]:
    day = filling.columns(walk_day(FIRST, options.people, options.seed), site())
    with tempfile.TemporaryDirectory(prefix="mall-copy-") as folder:
        Path(folder).chmod(0o755)
        rounds = [measuring.copied_s(admin, day, FIRST, Path(folder)) for _ in range(3)]
    server, bare = (min(one[f"{way}_s"] for one in rounds) for way in ("server", "bare"))
    rows = rounds[0]["rows"]
    return {"rows": rows, "server_krows_s": round(rows / server / 1e3), "bare_to_server": round(server / bare, 2)} | (
        {} if day_s is None else {"load_to_server": round(server / day_s, 2)}
    )


def _retention(admin: Store) -> dict[str, float]:
    dropped, deleted = measuring.drop_s(admin, FIRST), measuring.delete_s(admin, FIRST)
    return {"drop_s": round(dropped, 3), "delete_s": round(deleted, 2), "times": round(deleted / dropped, 1)}


def _sizes(admin: Store, options: argparse.Namespace) -> dict[str, float]:
    parts = {
        name: round(mb * 1000 / options.people / options.days, 2) for name, mb in measuring.sizes_mb(admin).items()
    }
    return {"kb_a_person_day": round(sum(parts.values()), 1), **parts}


def _some_day(options: argparse.Namespace, random: np.random.Generator) -> date:
    return FIRST + timedelta(days=int(random.integers(options.days)))


def _day(window: tuple[float, float]) -> date:
    return datetime.fromtimestamp((window[0] + window[1]) / 2, UTC).date()


def _text(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def _p95(seconds: list[float]) -> float:
    return round(float(np.quantile(seconds, 0.95)), 4)


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
        Store(dsns["read"], role="read", size=8, statement_timeout_s=120) as read,
    ):
        yield admin, ingest, read


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=2)
    parser.add_argument("--people", type=int, default=24_000)
    parser.add_argument("--asks", type=int, default=20, help="how often each question is asked")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--keep", type=Path, help="a folder that keeps the store for the next run")
    parser.add_argument("--json", type=Path, default=Path("runs/bench-store.json"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
