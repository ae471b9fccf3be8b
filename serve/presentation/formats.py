"""The formats an answer can be had in. A new format is one renderer and one line in the table."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from models.world.errors import BadParameter
from serve.logic import paging
from serve.logic.desk import Answered
from serve.presentation.csv_text import csv_text
from serve.presentation.documents import Document, answer_document, passport_document
from serve.presentation.geojson import feature_collection
from serve.presentation.json_text import dumped
from serve.presentation.values import plain

Renderer = Callable[[Answered], Iterator[str]]
"""An answer in pieces, row by row. Raises BadParameter("format", ...), before any, when it does not fit the format."""


@dataclass(frozen=True)
class Format:
    """A media type, the renderer, and whether browsers should save the answer as a file.

    `self_describing` answers carry their passport within; the others link to it.
    """

    media_type: str
    render: Renderer
    attachment: bool = False
    self_describing: bool = True


def next_page(answered: Answered, format_name: str) -> str | None:
    """The link to the page after this one."""
    if answered.next is None:
        return None
    page = {"limit": answered.page.limit, "after": paging.text(answered.next)}
    return link(answered.question.id, format_name, {**answered.inputs, **page})


def link(question: str, format_name: str, inputs: Mapping[str, object]) -> str:
    """The plain link that asks this question with these inputs."""
    given = {name: plain(value) for name, value in inputs.items() if value not in (None, [], (), {})}
    return f"/questions/{quote(question)}.{format_name}?{urlencode(given, doseq=True)}"


def _document(answered: Answered) -> Iterator[str]:
    following = next_page(answered, "json")
    links: list[Document] = (
        [] if following is None else [{"rel": "next", "href": following, "type": "application/json"}]
    )
    return answer_document(answered, links)


FORMATS: Mapping[str, Format] = {
    "json": Format("application/json", _document),
    "csv": Format("text/csv; charset=utf-8; header=present", csv_text, attachment=True, self_describing=False),
    "geojson": Format("application/geo+json", feature_collection, attachment=True, self_describing=False),
    "passport": Format("application/json", lambda answered: iter([dumped(passport_document(answered.passport))])),
}


def find(name: str) -> Format:
    """The format of this name. Raises BadParameter."""
    if name not in FORMATS:
        raise BadParameter("format", f"there is no format {name[:40]!r}; known: {', '.join(FORMATS)}")
    return FORMATS[name]
