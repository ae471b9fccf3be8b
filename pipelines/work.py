"""Working through segments: claim a wave of them, have a runner work on it, settle what it left unfinished.

What is left unfinished had a worker that died, of it or of a neighbour. Such suspects are run again alone, one at a
time, and only deaths alone count; the third one quarantines the segment. What an error says nothing about, such as a
store that is away, is given back uncounted.
"""

import logging
import os
import socket
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from models.vision import weights
from models.vision.reidentifier import COLOURS
from models.world.errors import LeaseLost, StoreUnavailable
from models.world.periods import Window
from models.world.places import Segment, Site
from pipelines import steps
from pipelines.flow import Resources
from pipelines.leases import Leases
from pipelines.runners import Runner
from pipelines.sink import Result
from pipelines.steps import FAILED, SUSPECT
from sql import ledger
from sql.ledger import KILLS_ITS_WORKER, Claim
from sql.store import Store

log = logging.getLogger(__name__)
ALGORITHM = "6"
"""Raised whenever the same video would give other tracklets."""
BUSY_POLL_S = 1.0
"""How often to look whether somebody else has finished or abandoned the work that one waits for."""
WAVE, WAVE_S = 128, 2 * 3600.0
"""Segments, and seconds of their video, claimed at a time for each place of the runner: several drivers can share a
backfill, and what is more urgent waits for minutes at most. One segment a place is always taken.
"""
DEATHS = 3
"""How many workers a segment may kill, alone with it, before it is given up."""
INTERRUPTED = "interrupted"
DEADLY = f"its worker died each of the {DEATHS} times it was tried alone (killed, out of memory, or its node was lost)"
Tell = Callable[[int, float], None]
"""Told how many segments have ended, and how many seconds of video are done, from time to time and from another thread."""


def extractor_version(resources: Resources) -> str:
    """The name of what is extracted and how: algorithm, detector and reidentifier with their content, slowest and fastest sampling
    rate.
    """
    detector = "given" if resources.load_detector else _named(resources.detector)
    looks = COLOURS if resources.reidentification == COLOURS else _named(resources.reidentification)
    return f"v{ALGORITHM}-{detector}-{looks}-{resources.rate}"


def _named(name_or_path: str) -> str:
    found = weights.resolve(name_or_path)
    return f"{found.name.replace('/', '-')}-{found.sha256[:8]}"


class Stop:
    """The wish of another thread that work ends soon: it is not wanted any more, or somebody else's now."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def now(self) -> None:
        """End the work."""
        self._event.set()

    def check(self) -> None:
        """Raises LeaseLost once the work is to end."""
        if self._event.is_set():
            raise LeaseLost("the work was stopped: it is not wanted any more, or another worker's")

    def wait(self, seconds: float) -> None:
        """Wait, not longer than until the work is to end; raises LeaseLost then."""
        self._event.wait(seconds)
        self.check()


class Work:
    """The work of one driver under a name of its own; `failed` and `tracklets` grow with it.

    `again` takes quarantined segments too. `before_wave` is called before each wave and may wait.
    """

    def __init__(
        self,
        resources: Resources,
        site: Site,
        store: Store,
        runner: Runner,
        *,
        again: bool = False,
        stop: Stop | None = None,
        before_wave: Callable[[], None] = lambda: None,
    ) -> None:
        self.extractor = extractor_version(resources)
        self.owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self.failed: dict[uuid.UUID, str] = {}
        self.tracklets = 0
        self.stop = stop or Stop()
        self._lease_s, self._site, self._store, self._runner = resources.lease_s, site, store, runner
        self._again, self._before_wave = again, before_wave

    def ended(self, segments: Sequence[Segment]) -> set[uuid.UUID]:
        """Those of the segments with which there is nothing to do."""
        return self.won(segments) | (set() if self._again else self._given_up(segments))

    def won(self, segments: Sequence[Segment]) -> set[uuid.UUID]:
        """Those of the segments that have a result of this extractor version."""
        if not segments:
            return set()
        with self._store.connection() as connection:
            found = ledger.winners(connection, _span(segments), self.extractor)
        return {winner.segment.segment_id for winner in found} & {segment.segment_id for segment in segments}

    def finish(self, segments: Sequence[Segment], tell: Tell = lambda *_: None) -> None:
        """Work until every segment has a result, is quarantined or has failed here; what others hold is waited for.

        Raises LeaseLost when stopped, and what the runner raises.
        """
        all_s = sum(one.window.seconds for one in segments)
        todo = {segment.segment_id: segment for segment in segments}
        condemned = self._given_up(segments) if self._again else set()
        while todo:
            self.stop.check()
            self._before_wave()
            left_s = sum(one.window.seconds for one in todo.values())
            claims = self._claim_wave(list(todo.values()))
            condemned -= {claim.segment_id for claim in claims}
            if claims:
                wave = {claim.segment_id: todo[claim.segment_id] for claim in claims}
                self._work_on(claims, wave, partial(_tell_more, tell, len(segments) - len(todo), all_s - left_s))
            else:
                self.stop.wait(BUSY_POLL_S)
            left = list(todo.values())
            over = self.won(left) | (self._given_up(left) - condemned) | set(self.failed)
            todo = {name: segment for name, segment in todo.items() if name not in over}
        tell(len(segments), all_s)

    def _claim_wave(self, left: Sequence[Segment]) -> list[Claim]:
        """The first wave of which anything can be claimed."""
        for wave in _waves(left, self._runner.places()):
            claims = self._claim(wave)
            if claims:
                return claims
        return []

    def _work_on(self, claims: Sequence[Claim], wave: Mapping[uuid.UUID, Segment], tell: Tell) -> None:
        def on_beat(held: Sequence[Claim]) -> None:
            over = set(wave) - {claim.segment_id for claim in held}
            tell(len(over), self._running_s(held) + sum(wave[name].window.seconds for name in over))

        with Leases(claims, self._store, self._lease_s, on_beat) as leases:
            try:
                self._run(claims, wave)
                leases.renew()
                for suspect in leases.held:
                    self._settle(suspect, wave[suspect.segment_id])
            finally:
                leases.renew()
                for claim in leases.held:
                    self._give_back(claim, INTERRUPTED)

    def _running_s(self, claims: Sequence[Claim]) -> float:
        try:
            with self._store.connection() as connection:
                return ledger.running_s(connection, claims)
        except StoreUnavailable:
            return 0.0

    def _settle(self, suspect: Claim, segment: Segment) -> None:
        """Try a segment alone until it has ended, or has killed too many workers."""
        claim: Claim | None = suspect
        while claim is not None:
            self.stop.check()
            with Leases([claim], self._store, self._lease_s, lambda _: None):
                result = next(iter(self._run([claim], {segment.segment_id: segment})), None)
            self.stop.check()
            if result is not None and result.state != SUSPECT:
                return
            if self._has_killed_too_many(claim, DEADLY if result is None else result.reason):
                return
            claim = next(iter(self._claim([segment])), None)

    def _has_killed_too_many(self, claim: Claim, how: str) -> bool:
        """Count the death; at the last one the segment is given up."""
        with self._store.connection() as connection:
            deaths = ledger.note_death(connection, claim)
            if deaths >= DEATHS:
                ledger.quarantine(connection, claim, KILLS_ITS_WORKER)
        log.warning("segment %s has killed %d workers: %s", claim.segment_id, deaths, how)
        if deaths >= DEATHS:
            self.failed[claim.segment_id] = how
        return deaths >= DEATHS or deaths == 0

    def _run(self, claims: Sequence[Claim], wave: Mapping[uuid.UUID, Segment]) -> list[Result]:
        rows = [steps.task(claim, wave[claim.segment_id]) for claim in claims]
        longest_s = max(wave[claim.segment_id].window.seconds for claim in claims)
        results = self._runner.run(rows, self._site, longest_s)
        claim_of = {claim.segment_id: claim for claim in claims}
        for result in results:
            self.tracklets += result.tracklets
            if result.reason and result.state not in (SUSPECT, "lost"):
                self.failed[result.segment_id] = result.reason
            if result.state == FAILED:
                self._give_back(claim_of[result.segment_id], result.reason)
        return results

    def _claim(self, segments: Sequence[Segment]) -> list[Claim]:
        names = [segment.segment_id for segment in segments]
        with self._store.connection() as connection:
            return ledger.claim_extractions(
                connection, names, self.extractor, self.owner, self._lease_s, again=self._again
            )

    def _give_back(self, claim: Claim, reason: str) -> None:
        with self._store.connection() as connection:
            ledger.fail_extraction(connection, claim, reason)

    def _given_up(self, segments: Sequence[Segment]) -> set[uuid.UUID]:
        if not segments:
            return set()
        with self._store.connection() as connection:
            found = ledger.quarantined(connection, _span(segments), self.extractor)
        return {one.segment.segment_id for one in found} & {segment.segment_id for segment in segments}


def _waves(segments: Sequence[Segment], places: int) -> Iterator[list[Segment]]:
    """The segments in order, cut so that a wave keeps its places busy for minutes, not hours."""
    wave: list[Segment] = []
    wave_s = 0.0
    for segment in segments:
        wave_s += segment.window.seconds
        if len(wave) >= places and (len(wave) >= WAVE * places or wave_s > WAVE_S * places):
            yield wave
            wave, wave_s = [], segment.window.seconds
        wave.append(segment)
    if wave:
        yield wave


def _tell_more(tell: Tell, ended: int, done_s: float, ended_now: int, done_now_s: float) -> None:
    tell(ended + ended_now, done_s + done_now_s)


def _span(segments: Sequence[Segment]) -> Window:
    return Window(min(one.window.start for one in segments), max(one.window.end for one in segments))
