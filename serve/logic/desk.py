"""The question desk: a question is answered completely, or refused with the reason and what to do.

The order is: does the question exist, may the caller ask it, are its inputs sound, is its time known. Then it is
answered, groups too small are blanked, the passport is written. Whatever the end, one audit row tells of it.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from models.world.errors import BadParameter, MallError, NotAllowed, UnknownQuestion
from models.world.periods import Window, merge
from models.world.places import Site
from serve.logic import inputs as given
from serve.logic import paging
from serve.logic.known import Knowledge, knowledge, require
from serve.logic.outcomes import ANSWERED, FAILED, UNAVAILABLE, UnknownKey, outcome_of
from serve.logic.paging import Page
from serve.logic.passport import Passport, passport
from serve.logic.ports import Read, Reading, Records
from serve.logic.privacy import Row, is_small, suppress
from serve.logic.windows import window_between, window_of
from sql.asking import Place
from sql.catalogue import PEOPLE, Bound, Column, Question
from sql.keys import Caller
from sql.parameters import Parameter, read_value

ARCHIVE = timedelta(days=62)
"""Video older than this is deleted."""
Clock = Callable[[], datetime]
Observe = Callable[[str, str | None, str, float], None]
"""Told of every reading access: action, question, outcome and the seconds it took."""


def _now() -> datetime:
    return datetime.now(UTC)


def _unobserved(action: str, question: str | None, outcome: str, took_s: float) -> None:
    pass


@dataclass(frozen=True)
class Answered:
    """A complete answer: the question, the inputs as they were understood, rows under columns, and the passport.

    Of a page `next` is where the rest begins, None where there is none. `rows` can be read once where they are streamed.
    """

    question: Question
    inputs: Mapping[str, object]
    columns: tuple[Column, ...]
    rows: Iterable[Row]
    passport: Passport
    site: Site
    page: Page
    next: Place | None


class QuestionDesk:
    """Takes questions. Safe to use from many threads if its records are."""

    def __init__(
        self,
        records: Records,
        questions: Mapping[str, Question],
        *,
        min_group: int = 5,
        now: Clock = _now,
        observe: Observe = _unobserved,
    ) -> None:
        self.questions = questions
        self.records = records
        self._min_group = min_group
        self._now = now
        self._observe = observe

    def identify(self, key: str | None) -> Caller:
        """Who holds the key. Raises UnknownKey."""
        if not key:
            raise UnknownKey(
                "no API key was given; send the header Authorization: Bearer KEY (mall env prints the key)"
            )
        caller = self.records.caller(key)
        if caller is None:
            raise UnknownKey("this API key is not known; mall env prints the key of this installation")
        return caller

    def question(self, question_id: str) -> Question:
        """The question with this id. Raises UnknownQuestion."""
        if question_id not in self.questions:
            hint = given.suggestion(question_id, self.questions)
            raise UnknownQuestion(f"there is no question {given.shown(question_id)!r}{hint}")
        return self.questions[question_id]

    def ask(self, question_id: str, inputs: Mapping[str, object], caller: Caller, *, request_id: str = "-") -> Answered:
        """The complete answer.

        Raises UnknownQuestion, NotAllowed, BadParameter, BadWindow, NotFound (a section or floor), NotRecorded,
        NotExtracted and StoreUnavailable; never answers in part.
        """
        with self._answering(self.records.reading, question_id, inputs, caller, request_id) as answered:
            return replace(answered, rows=list(answered.rows))

    def stream(
        self, question_id: str, inputs: Mapping[str, object], caller: Caller, *, request_id: str = "-"
    ) -> AbstractContextManager[Answered]:
        """The same, but its rows come from the store while they are read, within the context and once.

        Raises Busy too; whatever is refused is refused when the context is entered.
        """
        return self._answering(self.records.streaming, question_id, inputs, caller, request_id)

    def coverage(self, inputs: Mapping[str, object], caller: Caller, *, request_id: str = "-") -> Knowledge:
        """What is recorded, covered, missing and at work, by camera; without from and to over the whole archive."""
        with self.audited(caller, "coverage", None, inputs, request_id), self.records.reading() as reading:
            site = reading.site()
            now = self._now()
            times = _times(given.texts(inputs), site)
            archive = Window(now - ARCHIVE, now)
            window = window_between(times.get("from"), times.get("to"), now) if times else archive
            cameras = [camera.id for camera in site.cameras]
            looked = reading.looked(window)
            return knowledge(window, cameras, reading.coverage(window), reading.working(window), looked)

    def site(self, caller: Caller, *, request_id: str = "-") -> Site:
        """The mall's floors, sections and cameras as they are now. Raises NotFound while none is loaded."""
        with self.audited(caller, "site", None, {}, request_id), self.records.reading() as reading:
            return reading.site()

    @contextmanager
    def _answering(
        self,
        look: Callable[[], AbstractContextManager[Reading]],
        question_id: str,
        inputs: Mapping[str, object],
        caller: Caller,
        request_id: str,
    ) -> Iterator[Answered]:
        with self.audited(caller, "ask", question_id, inputs, request_id):
            question = self.question(question_id)
            allow(caller, question.permission)
            texts, page = paging.taken(given.texts(inputs))
            given.check_names(question, texts)
            with look() as reading, self._answer(reading, question, texts, page) as answered:
                yield answered

    @contextmanager
    def _answer(self, reading: Reading, question: Question, texts: given.Texts, page: Page) -> Iterator[Answered]:
        site, now = reading.site(), self._now()
        bound = question.bind(texts, site.time_zone)
        reading.check(bound)
        window = window_of(bound.values, now)
        known = knowledge(window, [camera.id for camera in site.cameras], reading.coverage(window))
        require(known, self._archive(reading, now) if not known.used else [])
        unknown = reading.undecided(bound)
        versions = reading.versions(window)
        names = [column.name for column in question.columns]
        hidden = PEOPLE in names and is_small(unknown, self._min_group)
        with closing(reading.rows(question, bound, page.start)) as found:
            told, following = paging.cut(found, page)
            rows, blanked = suppress(names, told, frozenset(bound.values), self._min_group)
            signed = passport(known, versions, None if hidden else unknown, tuple(blanked), now)
            yield Answered(question, understood(bound), question.columns, rows, signed, site, page, following)

    def _archive(self, reading: Reading, now: datetime) -> list[Window]:
        return merge(span for camera in reading.coverage(Window(now - ARCHIVE, now)) for span in camera.recorded)

    @contextmanager
    def audited(
        self,
        caller: Caller,
        action: str,
        question: str | None,
        inputs: Mapping[str, object],
        request_id: str,
        outcome: str = ANSWERED,
    ) -> Iterator[None]:
        """What is done within is a reading access: it leaves one audit row and is observed, however it ends.

        `outcome` is the word for a good end. While the store is away nothing is read, and there is nowhere to write.
        """
        began, word = time.perf_counter(), FAILED
        try:
            yield
            word = outcome
        except MallError as error:
            word = outcome_of(error)
            raise
        finally:
            self._observe(action, question if question in self.questions else None, word, time.perf_counter() - began)
            if word != UNAVAILABLE:
                asked = given.shown(question) if question is not None else None
                kept = given.for_the_audit(inputs)
                self.records.record_read(Read(caller.name, action, asked, kept, word, request_id))


def allow(caller: Caller, permission: str) -> None:
    """Raises NotAllowed, with the reason, unless the caller has the permission."""
    if permission not in caller.permissions:
        held = ", ".join(sorted(caller.permissions)) or "none"
        raise NotAllowed(f"the key {caller.name!r} lacks the permission {permission!r}; it has: {held}")


def understood(bound: Bound) -> dict[str, object]:
    """The inputs as they were understood: times in UTC, numbers as numbers, the rest as given."""
    typed = {name: value for name, value in bound.values.items() if isinstance(value, datetime | int | float)}
    return {name: typed.get(name, text) for name, text in bound.inputs.items()}


def _times(texts: given.Texts, site: Site) -> dict[str, datetime]:
    times = {}
    for name, values in texts.items():
        if name not in {"from", "to"} or len(values) != 1:
            raise BadParameter(given.shown(name), "coverage takes from and to, once each")
        times[name] = read_value(Parameter(name, "time", name), values[0], site.time_zone)
    return times
