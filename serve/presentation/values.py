"""How single values are written in every format: times in UTC with offset, ids as text, numbers to the millimetre."""

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime
from uuid import UUID

from models.world.periods import Window

DECIMALS = 3
"""Metres to the millimetre; nothing we measure is finer."""


def plain(value: object) -> object:
    """The value as JSON knows it: None, bool, number, text, list or object; what is not a number becomes None."""
    if isinstance(value, float):
        return round(value, DECIMALS) if math.isfinite(value) else None
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, UUID | date):
        return str(value)
    if isinstance(value, Window):
        return {"from": plain(value.start), "to": plain(value.end)}
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in value]
    return value if value is None or isinstance(value, bool | int | str) else str(value)
