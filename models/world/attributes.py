"""Attributes: what may be told of people, the registry of it, and who may bring a word into it.

The registry is one file, `attributes.toml`, so what is told of people changes only where a person can read it. Three states: proposed
(the describer may be taught it), approved (stored and asked for), retired (neither stored nor asked for any more).
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, cast, get_args

from models.world.blocked_words import blocked
from models.world.errors import BadInput

UNKNOWN = "unknown"
"""The value of every attribute that is not seen, or not surely enough; nobody defines it."""
COLOURS = ("black", "white", "grey", "red", "orange", "yellow", "green", "blue", "purple", "pink", "brown")
State = Literal["proposed", "approved", "retired"]
Head = Literal["colour", "band"]
FILE = Path(__file__).with_name("attributes.toml")
_KEY = re.compile(r"[a-z][a-z0-9-]{0,30}")


@dataclass(frozen=True)
class Attribute:
    """One attribute: `wording` says what its `values` tell, `head` which part of the describer tells them.

    `rows` (from, to, shares of a crop's height) are those that a head of bands looks at. People lower than `min_height_px` in the
    picture tell nothing. `version` is raised whenever the same crops would be described otherwise.
    """

    key: str
    wording: str
    values: tuple[str, ...]
    head: Head
    min_height_px: float
    version: int
    state: State
    rows: tuple[float, float] | None = None


def read(text: str) -> dict[str, Attribute]:
    """The attributes of a registry file by key. Raises BadInput for a wrong one, and for one that is approved and must not be."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"the registry of attributes is not TOML: {error}") from None
    attributes = {key: _attribute(key, table) for key, table in tables.items()}
    for attribute in attributes.values():
        if attribute.state == "approved":
            refuse_blocked(attribute)
    return attributes


def refuse_blocked(attribute: Attribute) -> None:
    """Raise BadInput if the attribute's key, values or wording say a blocked word."""
    word = blocked((attribute.key, *attribute.values, attribute.wording))
    if word is not None:
        raise BadInput(
            f"{attribute.key} cannot be approved: {word!r} is a blocked word; sex, age, ethnicity, faces and the like are "
            "never told of people (models/world/blocked_words.py)"
        )


def with_state(text: str, key: str, state: State) -> str:
    """The text of a registry file with an attribute in another state, all else as it was.

    Raises BadInput for an attribute that it has not, for one that is in that state, and for approving a blocked word.
    """
    attributes = read(text)
    if key not in attributes:
        raise BadInput(f"there is no attribute {key!r}; known: {', '.join(attributes)}")
    if attributes[key].state == state:
        raise BadInput(f"{key} is {state} already")
    lines = text.splitlines(keepends=True)
    start = next(n for n, line in enumerate(lines) if line.strip() == f"[{key}]")
    at = next(n for n in range(start, len(lines)) if re.match(r"\s*state\s*=", lines[n]))
    lines[at] = f'state = "{state}"\n'
    changed = "".join(lines)
    if read(changed)[key].state != state:
        raise BadInput(f'the table [{key}] must have a line of its own for its state, state = ".."')
    return changed


def read_attribute(text: str) -> tuple[str, str]:
    """`key:value` as a pair that may be asked for. Raises ValueError naming the keys or values that exist."""
    key, separator, value = text.partition(":")
    if not separator:
        raise ValueError(f"{text!r} is not an attribute; write key:value, for example shirt:blue")
    if key not in ATTRIBUTES:
        known = f"known: {', '.join(ATTRIBUTES)}"
        if key in REGISTRY:
            raise ValueError(f"{key!r} is {REGISTRY[key].state}, so it cannot be asked for; {known}")
        raise ValueError(f"{key!r} is not an attribute; {known}")
    if value not in ATTRIBUTES[key]:
        raise ValueError(f"{value!r} is not a value of {key}; known: {', '.join(ATTRIBUTES[key])}")
    return key, value


def version() -> str:
    """The version under which attributes are stored: each approved one with its own."""
    return " ".join(f"{key}-{REGISTRY[key].version}" for key in ATTRIBUTES)


def _attribute(key: str, table: Any) -> Attribute:
    needed = {"wording", "values", "head", "min_height_px", "version", "state"}
    if not isinstance(table, dict) or not needed <= set(table) <= needed | {"rows"}:
        raise BadInput(f"the attribute {key} needs {', '.join(sorted(needed))}, and may have rows")
    values = COLOURS if table["values"] == "colours" else table["values"]
    rows = table.get("rows")
    for wrong, reason in (
        (not _KEY.fullmatch(key), "its key is small letters, digits and hyphens, 31 at most"),
        (not _are_words(values), 'its values are "colours" or two or more different words, unknown not among them'),
        (table["head"] not in get_args(Head), f"its head is one of {', '.join(get_args(Head))}"),
        (table["state"] not in get_args(State), f"its state is one of {', '.join(get_args(State))}"),
        (table["head"] == "colour" and values != COLOURS, 'the values of a head of colours are "colours"'),
        (
            (table["head"] == "band") != _are_rows(rows),
            "a head of bands, and no other, has rows = [from, to] from 0 to 1",
        ),
        (not _is_number(table["min_height_px"]), "its min_height_px is a number over 0"),
        (not isinstance(table["version"], int) or not _is_number(table["version"]), "its version is 1 or more"),
        (not isinstance(table["wording"], str) or not table["wording"].strip(), "its wording is a text"),
    ):
        if wrong:
            raise BadInput(f"the attribute {key} cannot be used: {reason}")
    return Attribute(
        key,
        table["wording"],
        tuple(values),
        cast(Head, table["head"]),
        float(table["min_height_px"]),
        table["version"],
        cast(State, table["state"]),
        None if rows is None else (float(rows[0]), float(rows[1])),
    )


def _are_words(values: Any) -> bool:
    if not isinstance(values, list | tuple) or len(values) < 2 or not all(isinstance(value, str) for value in values):
        return False
    return len(set(values)) == len(values) and all(_KEY.fullmatch(value) and value != UNKNOWN for value in values)


def _are_rows(rows: Any) -> bool:
    if not isinstance(rows, list) or len(rows) != 2 or not all(isinstance(row, int | float) for row in rows):
        return False
    return bool(0 <= rows[0] < rows[1] <= 1)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


REGISTRY: Mapping[str, Attribute] = MappingProxyType(read(FILE.read_text(encoding="utf-8")))
"""Every attribute that is defined, in whatever state. What is not here does not exist."""
DEFINED: Mapping[str, tuple[str, ...]] = MappingProxyType({key: one.values for key, one in REGISTRY.items()})
"""The values of every defined attribute: what simulated people wear and the describer is taught."""
ATTRIBUTES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {key: one.values for key, one in REGISTRY.items() if one.state == "approved"}
)
"""The values of every approved attribute: what is stored and may be asked for."""
