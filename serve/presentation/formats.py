"""The formats an answer can be had in. A new format is one renderer and one line in the table."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from models.world.errors import BadParameter
from serve.logic.desk import Answered
from serve.presentation.csv_text import csv_text
from serve.presentation.documents import answer_document, passport_document
from serve.presentation.geojson import feature_collection

Renderer = Callable[[Answered], bytes]
"""Writes a complete answer. Raises BadParameter("format", ...) when the answer does not fit the format."""


@dataclass(frozen=True)
class Format:
    """A media type, the renderer, and whether browsers should save the answer as a file.

    `self_describing` answers carry their passport within; the others link to it.
    """

    media_type: str
    render: Renderer
    attachment: bool = False
    self_describing: bool = True


def _json(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False, allow_nan=False).encode()


FORMATS: Mapping[str, Format] = {
    "json": Format("application/json", lambda answered: _json(answer_document(answered))),
    "csv": Format("text/csv; charset=utf-8; header=present", csv_text, attachment=True, self_describing=False),
    "geojson": Format(
        "application/geo+json", lambda answered: _json(feature_collection(answered)), True, self_describing=False
    ),
    "passport": Format("application/json", lambda answered: _json(passport_document(answered.passport))),
}


def find(name: str) -> Format:
    """The format of this name. Raises BadParameter."""
    if name not in FORMATS:
        raise BadParameter("format", f"there is no format {name[:40]!r}; known: {', '.join(FORMATS)}")
    return FORMATS[name]
