"""What the business logic needs from the data layer: `Records` and `Orders`, with `records.StoredRecords` and `orders.StoredOrders`
as the real ones. Whatever else keeps to `tests/serve/test_contract.py` can stand in their place.
"""

import uuid
from collections.abc import Generator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from models.world.periods import Window
from models.world.places import Site
from serve.logic.standing import Standing
from sql.asking import Place, Row
from sql.catalogue import Bound, Question
from sql.coverage import CameraCoverage
from sql.figures import Figures
from sql.jobs import Job
from sql.keys import Caller
from sql.requests import Queue, Quote


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
    """One look into the store: each thing read through it is whole, and a load in between shows in later ones only."""

    def site(self) -> Site:
        """The mall. Raises NotFound while none is loaded."""

    def coverage(self, window: Window) -> list[CameraCoverage]:
        """What each camera recorded and what of that is processed, within the window."""

    def versions(self, window: Window) -> Mapping[str, Sequence[str]]:
        """The versions of association and attributes behind what is processed within the window."""

    def working(self, window: Window) -> Mapping[str, Sequence[Window]]:
        """What of each camera's video within the window is being extracted, or waits for it."""

    def looked(self, window: Window) -> Mapping[str, float]:
        """How many pictures a second of each camera were looked at, over what is extracted within the window; where it is known."""

    def check(self, bound: Bound) -> None:
        """Raises UnknownSection or BadParameter for a section or floor that the mall never had."""

    def rows(self, question: Question, bound: Bound, start: Place | None) -> Generator[tuple[Place, Row], None, None]:
        """The rows of a catalogue question in their order, each with its place, from `start` on."""

    def undecided(self, bound: Bound) -> int | None:
        """How many people may or may not have the attributes asked for; None without any."""


class Records(Protocol):
    """The store as the question desk sees it."""

    def reading(self) -> AbstractContextManager[Reading]:
        """A look, closed when the context ends. Raises StoreUnavailable."""

    def streaming(self) -> AbstractContextManager[Reading]:
        """A look that lasts as long as an answer is read by somebody far away. Raises Busy where too many do."""

    def record_read(self, read: Read) -> None:
        """Writes one audit row, durably. Raises StoreUnavailable."""

    def caller(self, key: str) -> Caller | None:
        """Who holds this API key, if anybody."""

    def schema_version(self) -> str:
        """The version of the store's schema. Raises MallError when it is absent or not ours."""

    def close(self) -> None:
        """Gives all connections back."""


class Orders(Protocol):
    """The store as the job desk sees it: wishes for extraction, and who waits for them."""

    def quote(self, missing: Mapping[str, Sequence[Window]]) -> Quote:
        """What would have to be extracted. Raises NotRecorded when the video is gone."""

    def is_wanted(self, quote: Quote) -> bool:
        """Whether somebody waits for the same extraction already."""

    def place(
        self,
        quote: Quote,
        question: str,
        inputs: Mapping[str, object],
        who: str,
        callback: Mapping[str, str] | None,
    ) -> Job:
        """Wants the extraction, or joins who wants the same already, and waits for it: durably, as one."""

    def standing(self, job_id: uuid.UUID) -> Standing | None:
        """How the job stands now; None when there is none."""

    def standings(self, who: str | None, limit: int) -> list[Standing]:
        """The newest jobs of somebody, or of everybody, newest first."""

    def dismiss(self, job_id: uuid.UUID) -> None:
        """The job no longer waits; its extraction ends when it was the last to wait."""

    def queue(self) -> Queue:
        """What waits for extraction."""

    def figures(self) -> Figures:
        """What the store tells the monitoring."""

    def handlers(self) -> int:
        """How many extraction handlers are alive."""
