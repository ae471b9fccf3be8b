"""The figures against what is wanted at least, and aimed at, as a table that can be read."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cluster.bench_store.asking import ROLLUPS


@dataclass(frozen=True)
class Line:
    """One figure; `least` means that more is better. Without a floor it is only told."""

    what: str
    value: float | None
    floor: float | None = None
    aim: float | None = None
    least: bool = False

    @property
    def verdict(self) -> str:
        """Whether the floor is held."""
        if self.floor is None or self.value is None:
            return ""
        good = self.value >= self.floor if self.least else self.value <= self.floor
        return "ok" if good else "MISSED"

    def __str__(self) -> str:
        told = ["" if one is None else f"{one:g}" for one in (self.value, self.floor, self.aim)]
        return f"{self.what:<58} {told[0]:>9} {told[1]:>7} {told[2]:>6}  {self.verdict}".rstrip()


def table(figures: dict[str, Any]) -> str:
    """All lines, with their floors and aims."""
    head = f"{figures['days']} days of {figures['people']} people, {figures['copy']['rows']} positions a day"
    return "\n".join([head, f"{'':<58} {'value':>9} {'floor':>7} {'aim':>6}", *map(str, lines(figures))])


def lines(figures: dict[str, Any]) -> Iterator[Line]:
    """The table's lines."""
    yield from _loading(figures)
    yield from _questions(figures["questions"], "")
    yield Line("8 clients at once against one, times", figures["clients"]["times"], 4, 2.5)
    yield from _columns(figures["columns"])
    yield Line("dropping a day against DELETE, times", figures["retention"]["times"], 10, 50, least=True)
    wrong = figures["answers"]["asked"] - figures["answers"]["right"]
    yield Line(f"answers of {figures['answers']['asked']} that are not the truth", wrong, 0)
    if "peak" in figures:
        peak = figures["peak"]
        yield Line(f"a day of {peak['people']} people: load, s", peak["load_s"])
        yield Line("  kB a person and day", peak["kb_a_person_day"], 40, 30)
        yield from _questions(peak["questions"], "  ")


def _loading(figures: dict[str, Any]) -> Iterator[Line]:
    copy, literal = figures["copy"], figures["literal"]
    yield Line("the server's own COPY, thousand rows/s", copy["server_krows_s"])
    yield Line("bare COPY path to it", copy["bare_to_server"], 0.75, 0.85, least=True)
    yield Line("whole load of a day, s", figures["load"]["day_s"])
    yield Line("whole load of a day to the server's COPY", copy.get("load_to_server"), 0.35, 0.55, least=True)
    yield Line("tables with a key each and nothing else: load, times ours", literal.get("times_our_load"))
    yield Line("  kB a person and day", literal["kb_a_person_day"])
    yield Line("kB a person and day", round(sum(figures["size"].values()), 1), 40, 30)
    for name, kilobytes in figures["size"].items():
        yield Line(f"  {name}", kilobytes)


def _questions(questions: dict[str, dict[str, float]], indent: str) -> Iterator[Line]:
    """In milliseconds."""
    for name, one in questions.items():
        floor, aim = (25, 10) if name in ROLLUPS else (60, 30)
        yield Line(f"{indent}{name}, an hour, p95 ms", _ms(one["hour_s"]), 60, 30)
        yield Line(f"{indent}{name}, a day, p95 ms", _ms(one["day_s"]), floor, aim)
        yield Line(f"{indent}  asked for the first time", _ms(one["first_day_s"]))
        if "days_s" in one:
            yield Line(f"{indent}{name}, all days, p95 ms", _ms(one["days_s"]), 1500, 500)


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)


def _columns(columns: dict[str, Any]) -> Iterator[Line]:
    yield Line("DuckDB on Parquet, times ours, median", columns["times_without_rollups"], 10, 50, least=True)
    for name, one in columns["without_rollups"].items():
        yield Line(f"  {name}", one["times"])
    yield Line("  with the same rollups, median", columns["times_with_rollups"], 1, 2, least=True)
    for name, one in columns["with_rollups"].items():
        yield Line(f"  {name}", one["times"])
