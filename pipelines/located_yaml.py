"""YAML whose every value knows its line, so that all mistakes of a file can be told at once, each with its place."""

import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import yaml

from models.world.errors import BadSite, MallError

_TEXT, _INTEGER, _FLOAT, _NULL = (f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float", "null"))
_MAX_BYTES = 16 << 20


class Invalid(Exception):
    """A value is wrong; it is on the list of problems already, and whatever is built from it cannot be built."""


def suggestion(word: str, known: Sequence[str]) -> str:
    """A hint at what may have been meant, or at what there is."""
    close = get_close_matches(word, known, n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known) or 'none'}"


class Problems:
    """The mistakes found in one file so far."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._found: list[tuple[int, str]] = []

    def add(self, line: int, text: str) -> Invalid:
        """Note a mistake; returns an error to raise where one cannot go on."""
        self._found.append((line, text))
        return Invalid(text)

    def raise_any(self) -> None:
        """Raises BadSite with all mistakes, a line each, in the order of the file."""
        if self._found:
            lines = [f"{self.path}:{line}: {text}" for line, text in sorted(set(self._found))]
            raise BadSite("\n".join(lines))


@dataclass(frozen=True)
class Value:
    """A value of the file. `where` names the thing that it belongs to, such as `camera cam2`.

    The readers return it as what is wanted, and raise Invalid, with the mistake noted, if it is something else.
    """

    node: yaml.Node
    where: str
    problems: Problems

    @property
    def line(self) -> int:
        """Its line in the file, from 1."""
        return int(self.node.start_mark.line) + 1

    def named(self, where: str) -> "Value":
        """The same as a part of something else."""
        return Value(self.node, where, self.problems)

    def wrong(self, text: str) -> Invalid:
        """Note a mistake about it."""
        return self.problems.add(self.line, f"{self.where}: {text}" if self.where else text)

    @contextmanager
    def blamed(self) -> Iterator[None]:
        """Whatever the product's own checks refuse within the block is a mistake of this value."""
        try:
            yield
        except MallError as error:
            raise self.wrong(str(error)) from error

    def fields(self, required: Sequence[str], optional: Sequence[str] = ()) -> dict[str, "Value"]:
        """The fields of a mapping; unknown, repeated and missing ones are noted, missing required ones raise Invalid."""
        found = self.mapping()
        known = [*required, *optional]
        for name in [name for name in found if name not in known]:
            found.pop(name).wrong(f"unknown key {name!r}; {suggestion(name, known)}")
        missing = [name for name in required if name not in found]
        if missing:
            raise self.wrong(f"missing: {', '.join(missing)}")
        return found

    def mapping(self) -> dict[str, "Value"]:
        """A mapping with text as keys; repeated keys are noted."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self._mismatch("a mapping (key: value)")
        found: dict[str, Value] = {}
        for key, node in self.node.value:
            name, value = str(key.value), Value(node, self.where, self.problems)
            if name in found:
                self.problems.add(
                    key.start_mark.line + 1, f"{self.where + ': ' if self.where else ''}the key {name!r} is there twice"
                )
            found[name] = value
        return found

    def peek(self, name: str) -> "Value | None":
        """The field of this name, if this is a mapping that has it; nothing is noted."""
        pairs = self.node.value if isinstance(self.node, yaml.MappingNode) else []
        return next((Value(node, self.where, self.problems) for key, node in pairs if key.value == name), None)

    def items(self) -> list["Value"]:
        """The values of a list."""
        if not isinstance(self.node, yaml.SequenceNode):
            raise self._mismatch("a list")
        return [Value(node, self.where, self.problems) for node in self.node.value]

    def text(self, pattern: str = r".*\S.*", meaning: str = "text") -> str:
        """Text that matches the pattern as a whole."""
        if not isinstance(self.node, yaml.ScalarNode) or self.node.tag != _TEXT:
            raise self._mismatch(meaning)
        if not re.fullmatch(pattern, self.node.value):
            raise self._mismatch(meaning)
        return str(self.node.value)

    def number(self, low: float, high: float, *, unit: str = "") -> float:
        """A finite number, `low` to `high`, both included."""
        if not isinstance(self.node, yaml.ScalarNode) or self.node.tag not in (_INTEGER, _FLOAT):
            raise self._mismatch(f"a number{unit and ' of ' + unit}")
        number = float(_construct(self.node))
        if not math.isfinite(number) or not low <= number <= high:
            raise self.wrong(f"{self.node.value} is out of range; expected {low:g} to {high:g}{unit and ' ' + unit}")
        return number

    def integer(self, low: int, high: int) -> int:
        """A whole number, `low` to `high`, both included."""
        if not isinstance(self.node, yaml.ScalarNode) or self.node.tag != _INTEGER:
            raise self._mismatch("a whole number")
        return int(self.number(low, high))

    def _mismatch(self, expected: str) -> Invalid:
        return self.wrong(f"expected {expected}, got {self._shown()}")

    def _shown(self) -> str:
        if not isinstance(self.node, yaml.ScalarNode):
            return "a list" if isinstance(self.node, yaml.SequenceNode) else "a mapping"
        if self.node.tag == _NULL:
            return "nothing"
        quoted = repr(self.node.value[:60])
        return f"the text {quoted}" if self.node.tag == _TEXT else f"{self.node.value[:60]} (put text in quotes)"


def load(path: Path) -> Value:
    """The whole file as a value. Raises BadSite, with the line, if it is not YAML."""
    problems = Problems(path)
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise BadSite(f"{path}: the file is larger than {_MAX_BYTES >> 20} MB; is it a site file?")
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except OSError as error:
        raise BadSite(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadSite(f"{path}: not text in UTF-8 ({error.reason} at byte {error.start})") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise BadSite(f"{path}:{line}: not YAML: {error.problem or error.context}") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise BadSite(f"{path}: not YAML: {str(error).splitlines()[0]}") from error
    if node is None:
        raise BadSite(f"{path}: the file is empty")
    return Value(node, "", problems)


def _construct(node: yaml.ScalarNode) -> float:
    loader = yaml.SafeLoader("")
    number: float = loader.construct_object(node)
    return number
