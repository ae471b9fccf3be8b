"""The Prefer header (RFC 7240): what a client would like, and what of it was done."""

import re
from collections.abc import Mapping
from urllib.request import parse_http_list

from starlette.datastructures import Headers

RESPOND_ASYNC = "respond-async"
_LONGEST = 1000
"""Characters of the header that are looked at."""
_PREFERENCE = re.compile(
    r"""([\w!#$%&'*+.^`|~-]+) \s* (?: = \s* (?: "((?:[^"\\]|\\.)*)" | ([^\s";]*) ) )? \s* (?:;|$)""", re.X
)


def preferences(headers: Headers) -> Mapping[str, str]:
    """Each preference with its value, empty without one. Names are in lower case; the first of equal names counts.

    What is malformed is passed over, and parameters are not looked at: a preference may always be ignored.
    """
    found: dict[str, str] = {}
    for piece in parse_http_list(",".join(headers.getlist("prefer"))[:_LONGEST]):
        if match := _PREFERENCE.match(piece):
            quoted, token = match[2], match[3]
            value = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else token or ""
            found.setdefault(match[1].lower(), value)
    return found


def wants_a_job(headers: Headers) -> bool:
    """Whether the client takes a job where the answer is not known yet: `Prefer: respond-async`."""
    return preferences(headers).get(RESPOND_ASYNC) == ""
