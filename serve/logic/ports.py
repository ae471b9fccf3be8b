"""What the business logic needs from the data layer; `records.StoredRecords` is the real one."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from models.world.periods import Window
from models.world.places import Site
from sql.catalogue import Answer, Bound, Question
from sql.coverage import CameraCoverage
from sql.keys import Caller


@dataclass(frozen=True)
class Read:
    """One reading access as it is kept for the auditor: who wanted what, and how it ended."""

    who: str
    action: str
    question: str | None
    inputs: Mapping[str, object]
    outcome: str
    request_id: str


class Reading(Protocol):
    """One consistent look into the store: everything read through it is of the same moment."""

    def site(self) -> Site:
        """The mall. Raises NotFound while none is loaded."""

    def coverage(self, window: Window) -> list[CameraCoverage]:
        """What each camera recorded and what of that is processed, within the window."""

    def check(self, bound: Bound) -> None:
        """Raises UnknownSection or BadParameter for a section or floor that the mall never had."""

    def answer(self, question: Question, bound: Bound) -> Answer:
        """The rows of a catalogue question."""


class Records(Protocol):
    """The store as the question desk sees it."""

    def reading(self) -> AbstractContextManager[Reading]:
        """A consistent look, closed when the context ends. Raises StoreUnavailable."""

    def record_read(self, read: Read) -> None:
        """Writes one audit row, durably. Raises StoreUnavailable."""

    def caller(self, key: str) -> Caller | None:
        """Who holds this API key, if anybody."""

    def schema_version(self) -> str:
        """The version of the store's schema. Raises MallError when it is absent or not ours."""

    def close(self) -> None:
        """Gives all connections back."""
