"""The store that is measured: filling it, what that costs against the server's own COPY, its size, and purging it."""

import tempfile
import time
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.simulator.crowd import filling
from pipelines.simulator.crowd.building import site
from pipelines.simulator.crowd.walking import walk_day
from sql import measuring, sites
from sql.day_people import DayOfPeople
from sql.store import Store

FIRST = date(2026, 10, 24)
ROUNDS = 3


@dataclass(frozen=True)
class Crowd:
    """The same visitors for every run: so many days from `first` on, so many people a day."""

    days: int
    people: int
    seed: int
    first: date = FIRST

    @property
    def last(self) -> date:
        """The last day."""
        return self.first + timedelta(days=self.days - 1)

    def some_day(self, random: np.random.Generator) -> date:
        """One of the days."""
        return self.first + timedelta(days=int(random.integers(self.days)))

    def columns(self, day: date) -> DayOfPeople:
        """A day as the load takes it."""
        return filling.columns(walk_day(day, self.people, self.seed), site())


def load(admin: Store, ingest: Store, crowd: Crowd) -> dict[str, Any]:
    """Load the days that are missing; the median seconds of a load, in which the making of the walks is not counted."""
    with admin.connection() as connection:
        sites.save(connection, site())
        known = measuring.loaded_days(connection)
    took = []
    for number in range(crowd.days):
        day = crowd.first + timedelta(days=number)
        if day not in known:
            people = crowd.columns(day)
            began = time.monotonic()
            filling.load_columns(ingest, site(), people, day)
            took.append(time.monotonic() - began)
    return {"loaded_days": len(took), "day_s": round(float(np.median(took)), 2) if took else None}


def copy(admin: Store, crowd: Crowd, day_s: float | None) -> dict[str, Any]:
    """The server's own COPY, the bare COPY path and the whole load, in one table."""
    day = crowd.columns(crowd.first)
    with tempfile.TemporaryDirectory(prefix="mall-copy-") as folder:
        Path(folder).chmod(0o755)
        rounds = [measuring.copied_s(admin, day, crowd.first, Path(folder)) for _ in range(ROUNDS)]
    server, bare = (min(one[f"{way}_s"] for one in rounds) for way in ("server", "bare"))
    rows = rounds[0]["rows"]
    return {"rows": rows, "server_krows_s": round(rows / server / 1e3), "bare_to_server": round(server / bare, 2)} | (
        {} if day_s is None else {"load_to_server": round(server / day_s, 2)}
    )


def literal(admin: Store, crowd: Crowd, day_s: float | None) -> dict[str, Any]:
    """The first day in the tables as they were asked for at first."""
    with tempfile.TemporaryDirectory(prefix="mall-literal-") as folder:
        Path(folder).chmod(0o777)
        found = measuring.literal(admin, crowd.first, Path(folder))
    told = {"load_s": round(found["load_s"], 2), "kb_a_person_day": round(found["bytes"] / crowd.people / 1e3, 1)}
    return told | ({} if day_s is None else {"times_our_load": round(found["load_s"] / day_s, 2)})


def sizes(admin: Store, crowd: Crowd) -> dict[str, float]:
    """KB a person and day, by table."""
    return {name: round(mb * 1000 / crowd.people / crowd.days, 2) for name, mb in measuring.sizes_mb(admin).items()}


def retention(admin: Store) -> dict[str, float]:
    """A day's tables dropped against the same rows deleted."""
    dropped, deleted = measuring.drop_s(admin, FIRST), measuring.delete_s(admin, FIRST)
    return {"drop_s": round(dropped, 3), "delete_s": round(deleted, 2), "times": round(deleted / dropped, 1)}
