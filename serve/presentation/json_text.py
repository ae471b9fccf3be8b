"""JSON piece by piece, for answers of which nobody holds the whole."""

import json
from collections.abc import Iterable, Iterator, Mapping


def dumped(document: object) -> str:
    """One document; raises ValueError for numbers that JSON does not have."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False)


def listed(head: Mapping[str, object], name: str, items: Iterable[object]) -> Iterator[str]:
    """The object `head` with one member more: `name`, the list of the items."""
    yield _opened(head, name) + "["
    separator = ""
    for item in items:
        yield separator + dumped(item)
        separator = ", "
    yield "]}"


def within(head: Mapping[str, object], name: str, pieces: Iterable[str]) -> Iterator[str]:
    """The object `head` with one member more: `name`, a document in pieces."""
    yield _opened(head, name)
    yield from pieces
    yield "}"


def _opened(head: Mapping[str, object], name: str) -> str:
    return dumped(head).removesuffix("}") + (", " if head else "") + dumped(name) + ": "
