"""The pages a browser sees, from templates beside this file; nothing is loaded from elsewhere."""

from collections.abc import Iterable
from functools import cache
from html import escape
from importlib.resources import files
from string import Template

from serve.logic.outcomes import REFUSALS
from serve.presentation.formats import FORMATS
from serve.presentation.pages.assets import page_bundle, plotly_bundle
from sql.catalogue import Question
from sql.parameters import Parameter

_EXAMPLES = {
    "from": "2026-11-24T17:00",
    "to": "2026-11-24T18:00",
    "at": "2026-11-24T17:30",
    "section": "food-court",
    "attribute": "shirt:blue",
}


def first_page() -> str:
    """The page to ask on. It holds no data; its scripts ask for them with the reader's key."""
    bundle = page_bundle()
    return _filled(
        "first.html",
        style=bundle.address("style.css"),
        app_style=bundle.address("app.css"),
        icon=bundle.address("icon.svg"),
        script=bundle.address("main.js"),
        plotly=plotly_bundle().address("plotly.min.js"),
    )


def about_page(questions: Iterable[Question]) -> str:
    """What this is, and an example link for each question."""
    listed = list(questions)
    example = example_link(listed[0], "csv") if listed else "/processes"
    body = _filled("about.html", cards="".join(map(_card, listed)), example=escape(example))
    return _page("About · Mall tracking", body)


def landing_links() -> dict[str, object]:
    """The landing page for machines (OGC API - Processes, requirement /req/core/landingpage-success)."""
    links = {
        "/": ("self", "this document"),
        "/openapi.json": ("service-desc", "the API definition"),
        "/docs": ("service-doc", "the reference"),
        "/about": ("about", "what this is, for people"),
        "/conformance": ("http://www.opengis.net/def/rel/ogc/1.0/conformance", "conformance classes"),
        "/processes": ("http://www.opengis.net/def/rel/ogc/1.0/processes", "all questions"),
    }
    listed = [{"href": href, "rel": rel, "title": title} for href, (rel, title) in links.items()]
    return {"title": "Mall tracking", "description": "How people move through the mall.", "links": listed}


def reference_page(questions: Iterable[Question]) -> str:
    """Every question with its parameters and columns, every format and every problem."""
    problems = "".join(
        f"<tr><td><code>{word}</code></td><td>{escape((kind.__doc__ or '').partition(chr(10))[0])}</td></tr>"
        for word, kind in REFUSALS.items()
    )
    body = _filled(
        "reference.html",
        formats=", ".join(f"<code>{name}</code>" for name in FORMATS),
        questions="".join(map(_section, questions)),
        problems=problems,
    )
    return _page("Reference · Mall tracking", body)


def example_link(question: Question, suffix: str) -> str:
    """A plain link that asks the question with its required parameters."""
    needed = [parameter.name for parameter in question.parameters if parameter.required]
    query = "&".join(f"{name}={_EXAMPLES.get(name, '..')}" for name in needed)
    return f"/questions/{question.id}.{suffix}?{query}"


def _card(question: Question) -> str:
    link = escape(example_link(question, "csv"))
    return (
        f'<div class="card"><h3>{escape(question.title)}</h3><p>{escape(question.description)}</p>'
        f'<a href="/docs#{escape(question.id)}"><code>{link}</code></a></div>'
    )


def _section(question: Question) -> str:
    columns = ", ".join(
        f"<code>{escape(column.name)}</code>" + (f" ({escape(column.unit)})" if column.unit else "")
        for column in question.columns
    )
    return (
        f'<div class="card" id="{escape(question.id)}"><h3>{escape(question.title)} · <code>{escape(question.id)}</code></h3>'
        f"<p>{escape(question.description)}</p>"
        f'<div class="wide"><table>{"".join(map(_parameter, question.parameters))}</table></div>'
        f"<p></p><p>Answer: {columns}</p></div><p></p>"
    )


def _parameter(parameter: Parameter) -> str:
    manner = "required" if parameter.required else "optional"
    manner += ", repeatable" if parameter.multiple else ""
    return (
        f"<tr><td><code>{escape(parameter.name)}</code></td><td>{escape(parameter.type)}, {manner}</td>"
        f"<td>{escape(parameter.description)}</td></tr>"
    )


def _page(title: str, body: str) -> str:
    return _filled("page.html", title=escape(title), style=page_bundle().address("style.css"), body=body)


def _filled(name: str, **values: str) -> str:
    return Template(_text(name)).substitute(values)


@cache
def _text(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
