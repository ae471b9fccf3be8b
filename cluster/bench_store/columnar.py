"""The same questions by DuckDB on Parquet files of the same day, with and without the same rollups, against ours in turn.

The files hold what the day's load was given: positions, paths with their points, who wore what; and the rollups as the
store has them. DuckDB knows people as numbers, is connected already, and its files lie in the memory of the machine.
"""

import tempfile
import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cluster.bench_store.asking import COLOURS, PAGE, QUESTIONS, text
from cluster.bench_store.filled import Crowd
from models.world.periods import site_hours, utc_day
from pipelines.simulator.crowd.building import boxes, site
from pipelines.simulator.crowd.truth import day_window_s
from sql import asking, measuring
from sql.aside import hour_of
from sql.day_people import DayOfPeople
from sql.store import Store
from sql.where import located

FOLDER = Path(__file__).parent / "duck"
WITHOUT = ("average-distance", "footfall", "heat-map", "paths", "people-in-section", "visitors")
WITH = ("average-distance", "dwell-time", "footfall", "heat-map", "visitors")


def compared(admin: Store, read: Store, crowd: Crowd, asks: int) -> dict[str, Any]:
    """Median seconds of both for each question, and by how much DuckDB takes longer; the median of that over questions."""
    day = crowd.some_day(np.random.default_rng(crowd.seed))
    with tempfile.TemporaryDirectory(prefix="mall-parquet-") as name, duckdb.connect() as duck:
        write(admin, crowd.columns(day), day, Path(name))
        duck.execute("set threads = 2")
        found = {
            kind: {question: _both(read, duck, Path(name), day, question, suffix, asks) for question in listed}
            for kind, listed, suffix in (("without_rollups", WITHOUT, ""), ("with_rollups", WITH, "-rollup"))
        }
    medians = {
        f"times_{kind}": round(float(np.median([one["times"] for one in by_question.values()])), 1)
        for kind, by_question in found.items()
    }
    return {**medians, **found}


def _both(
    read: Store, duck: duckdb.DuckDBPyConnection, folder: Path, day: date, question_id: str, suffix: str, asks: int
) -> dict[str, float]:
    query = (FOLDER / f"{question_id}{suffix}.sql").read_text().replace("FOLDER", str(folder))
    random = np.random.default_rng(day.toordinal())
    ours, theirs = [], []
    for _ in range(asks):
        asked = _asked(day, random)
        ours.append(_ours_s(read, question_id, asked))
        began = time.perf_counter()
        duck.execute(query, {name: asked[name] for name in asked if f"${name}" in query}).fetchmany(PAGE)
        theirs.append(time.perf_counter() - began)
    median, other = float(np.median(ours)), float(np.median(theirs))
    return {"ours_s": round(median, 4), "duckdb_s": round(other, 4), "times": round(other / median, 1)}


def _asked(day: date, random: np.random.Generator) -> dict[str, Any]:
    """Something to ask about the day: a section and its rectangle, a colour, a moment, an hour."""
    section = str(random.choice([name for name in boxes() if name.startswith("shop")]))
    floor, (left, bottom, right, top) = boxes()[section]
    start_s, end_s = day_window_s(day)
    hour_s = start_s + 3600 * float(random.integers(10, 18))
    return {
        "section": section,
        "floor": floor,
        "left": left,
        "bottom": bottom,
        "right": right,
        "top": top,
        "colour": str(random.choice(COLOURS)),
        "from_s": start_s,
        "to_s": end_s,
        "hour_s": hour_s,
        "at_s": float(np.round(hour_s + random.uniform(0, 3600), 3)),
    }


def _ours_s(read: Store, question_id: str, asked: Mapping[str, Any]) -> float:
    question = QUESTIONS[question_id]
    window = (asked["hour_s"], asked["hour_s"] + 3600) if question_id == "paths" else (asked["from_s"], asked["to_s"])
    given: dict[str, Any] = {"from": text(window[0]), "to": text(window[1]), "at": text(asked["at_s"])}
    given["attribute"] = [f"shirt:{asked['colour']}"]
    if question_id in ("footfall", "dwell-time", "people-in-section"):
        given["section"] = asked["section"]
    known = {one.name for one in question.parameters}
    bound = question.bind({name: one for name, one in given.items() if name in known}, site().time_zone)
    began = time.perf_counter()
    with read.connection() as connection:
        asking.ask(connection, question, bound, PAGE)
    return time.perf_counter() - began


def write(admin: Store, people: DayOfPeople, day: date, folder: Path) -> None:
    """The day's Parquet files."""
    hours = [hour_of(people, window) for window in site_hours(utc_day(day))]
    positions = [located(hour.owners, hour.ways, hour.window) for hour in hours]
    _file(
        folder / "positions.parquet",
        person=np.concatenate([one.persons for one in positions]).astype(np.int32),
        at_s=np.concatenate([one.taken_at_us for one in positions]) / 1e6,
        floor=np.concatenate([one.floors for one in positions]).astype(np.int8),
        x_m=np.concatenate([one.xy_m[:, 0] for one in positions]),
        y_m=np.concatenate([one.xy_m[:, 1] for one in positions]),
        grid_id=np.concatenate([one.cells for one in positions]),
    )
    _file(folder / "paths.parquet", **_paths(people))
    values = {key: list(values) for key, (values, _) in people.attributes.items()}
    _file(folder / "people.parquet", person=np.arange(len(people.person_ids), dtype=np.int32), **values)
    walked = np.bincount(people.owners, weights=people.ways.lengths_m, minlength=len(people.person_ids))
    _file(folder / "person.parquet", person=np.arange(len(walked), dtype=np.int32), distance_m=walked, **values)
    with admin.connection() as connection:
        for table in measuring.ROLLUPS:
            _file(folder / f"{table}.parquet", **measuring.rollup(connection, table, day))


def _paths(people: DayOfPeople) -> dict[str, Any]:
    ways = people.ways
    order = np.argsort(ways.starts_s, kind="stable")
    sorted_ways = ways.chosen(order)
    edges = pa.array(sorted_ways.edges.astype(np.int32))
    points = {
        name: pa.ListArray.from_arrays(edges, pa.array(values))
        for name, values in (
            ("x_m", np.ascontiguousarray(sorted_ways.xy_m[:, 0])),
            ("y_m", np.ascontiguousarray(sorted_ways.xy_m[:, 1])),
            ("at_s", sorted_ways.times_s),
        )
    }
    return {
        "person": people.owners[order].astype(np.int32),
        "floor": sorted_ways.floors.astype(np.int8),
        "starts_s": sorted_ways.starts_s,
        "ends_s": sorted_ways.ends_s,
        "length_m": sorted_ways.lengths_m,
        **points,
    }


def _file(path: Path, **columns: Any) -> None:
    pq.write_table(pa.table(columns), path, compression="zstd", row_group_size=122_880)
