"""What the load keeps beside people and paths."""

from typing import Any

from sql.store import Connection

TABLES = (
    "section_visit",
    "section_hour",
    "section_day",
    "flow_hour",
    "stay_hour",
    "floor_hour",
    "grid_day",
    "visitor_day",
    "visitor_hour",
    "described_day",
    "route_day",
)


def kept(connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of visits and rollups."""
    return {name: sorted(connection.execute(f"select * from {name}".encode()).fetchall()) for name in TABLES}
