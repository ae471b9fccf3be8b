import time

import pytest
from starlette.datastructures import Headers

from serve.api.prefer import preferences, wants_a_job


def headers(*lines: str) -> Headers:
    return Headers(raw=[(b"prefer", line.encode("latin-1")) for line in lines])


@pytest.mark.parametrize(
    "lines",
    [
        ["respond-async"],
        ["Respond-Async"],
        ['respond-async=""'],
        ["wait=10, respond-async"],
        ["return=minimal", "respond-async;foo=bar"],
        ['foo="a, \\"b"; x="y,z" , respond-async'],
        [",, respond-async ,"],
    ],
)
def test_a_job_is_wanted(lines: list[str]) -> None:
    assert wants_a_job(headers(*lines))


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [""],
        ["wait=10"],
        ["respond-asynchronously"],
        ["x-respond-async"],
        ["respond-async=no"],
        ['foo="respond-async"'],
        ['foo="a, respond-async"'],
        ["foo; respond-async"],
        ["respond-async=no, respond-async"],
        ["respond async"],
    ],
)
def test_a_job_is_not_wanted(lines: list[str]) -> None:
    assert not wants_a_job(headers(*lines))


def test_the_examples_of_the_standard_are_read() -> None:
    """RFC 7240, sections 2 and 4."""
    assert preferences(headers('respond-async, wait=100, handling=lenient; a="b;c"')) == {
        "respond-async": "",
        "wait": "100",
        "handling": "lenient",
    }
    assert preferences(headers('Foo; Bar=""', "foo=2")) == {"foo": ""}


@pytest.mark.parametrize("line", ['"' * 60_000, "a" * 30_000 + " " * 30_000 + "(", ';"' * 30_000, "a=," * 20_000])
def test_a_hostile_header_costs_no_time(line: str) -> None:
    began = time.process_time()
    preferences(headers(line))
    assert time.process_time() - began < 0.5
