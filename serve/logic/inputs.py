"""The inputs of a question as they arrive, checked before anything looks at the store.

From outside come texts, numbers and lists of them; on go, for each parameter, a list of texts, which the question
reads by its own types.
"""

import difflib
from collections.abc import Iterable, Mapping

from models.world.errors import BadParameter
from sql.catalogue import Question

MAX_VALUES = 20
"""A repeatable parameter may be given this often."""
MAX_CHARACTERS = 200
"""Longer texts are cut in the audit."""
Texts = dict[str, list[str]]


def texts(inputs: Mapping[str, object]) -> Texts:
    """Each input as a list of texts. Raises BadParameter for anything but texts and numbers, and for too many."""
    return {name: _texts_of(name, value) for name, value in inputs.items() if value is not None}


def _texts_of(name: str, value: object) -> list[str]:
    values = value if isinstance(value, list | tuple) else [value]
    if len(values) > MAX_VALUES:
        raise BadParameter(name, f"{shown(name)} is given {len(values)} times; at most {MAX_VALUES} are accepted")
    return [_text_of(name, one) for one in values]


def _text_of(name: str, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise BadParameter(
            name, f"{shown(name)} must be a text or a number, or a list of them; got {type(value).__name__}"
        )
    return str(value)


def shown(name: str, limit: int = 60) -> str:
    """A name from outside as it may be repeated in a message or kept in the audit: printable and short."""
    clean = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in name)
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


def check_names(question: Question, given: Texts) -> None:
    """Raises BadParameter for a parameter that the question does not have, with the one that was perhaps meant."""
    known = [parameter.name for parameter in question.parameters]
    for name in given:
        if name not in known:
            raise BadParameter(shown(name), f"{question.id} has no parameter {shown(name)!r}{suggestion(name, known)}")


def suggestion(name: str, known: Iterable[str]) -> str:
    """The end of a sentence that says what exists, the nearest first if one is near."""
    names = list(known)
    near = difflib.get_close_matches(shown(name), names, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(names)}"


def for_the_audit(inputs: Mapping[str, object]) -> dict[str, object]:
    """What was asked, cut to what fits a row: printable, short, and not too many."""
    return {shown(name): _kept(value) for name, value in list(inputs.items())[:MAX_VALUES]}


def _kept(value: object) -> object:
    if isinstance(value, list | tuple):
        return [_kept_one(one) for one in value[:MAX_VALUES]]
    return _kept_one(value)


def _kept_one(value: object) -> str:
    kept = isinstance(value, str | int | float)
    return shown(str(value) if kept else type(value).__name__, MAX_CHARACTERS)
