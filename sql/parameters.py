"""The types of a question's parameters: how a text becomes a value."""

import math
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from zoneinfo import ZoneInfo

from models.world.attributes import read_attribute
from models.world.errors import BadParameter
from models.world.periods import read_time

Type = Literal["time", "section", "attribute", "floor", "integer", "number", "text", "person"]
MAX_LENGTH = 200
"""The longest text accepted, in characters."""


@dataclass(frozen=True)
class Parameter:
    """A typed input of a question; a `multiple` one may be given several times."""

    name: str
    type: Type
    description: str
    required: bool = False
    multiple: bool = False
    unit: str | None = None


def read_value(parameter: Parameter, text: str, zone: ZoneInfo) -> Any:
    """The text as a value of the parameter's type. Raises BadParameter, naming the parameter."""
    try:
        if len(text) > MAX_LENGTH:
            raise ValueError(f"{text[:20]!r}.. is too long; at most {MAX_LENGTH} characters")
        if parameter.type == "time":
            return read_time(text, zone)
        return _READERS[parameter.type](text)
    except (ValueError, OverflowError) as error:
        raise BadParameter(parameter.name, f"{parameter.name}: {error}") from error


def _text(text: str) -> str:
    if not text.isprintable():
        raise ValueError(f"{text!r} has signs that cannot be printed")
    return text


def _person(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise ValueError(f"{text[:40]!r} is no person's id; the question people tells them") from None


def _integer(text: str, low: int = -(2**31), high: int = 2**31 - 1) -> int:
    try:
        number = int(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a whole number") from None
    if not low <= number <= high:
        raise ValueError(f"{number} is out of range; {low} to {high} is possible")
    return number


def _floor(text: str) -> int:
    return _integer(text, -128, 127)


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a number") from None
    if not math.isfinite(number):
        raise ValueError(f"{text!r} is not a finite number")
    return number


_READERS: Mapping[str, Callable[[str], Any]] = {
    "section": _text,
    "attribute": read_attribute,
    "floor": _floor,
    "integer": _integer,
    "number": _number,
    "text": _text,
    "person": _person,
}
