"""Faults in a seeded order: SIGKILL, and SIGSTOP for longer than a lease, each at a random process of its kind."""

import logging
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

import psutil

from cluster.embedded.daemons import until

KILL, FREEZE = "kill", "freeze"
Fault = tuple[str, str]
"""How, and which kind of process."""
LATEST_S = 1.0
"""A fault comes up to so much later than the work got on, so that it does not always meet the moment after a commit."""
AT_ONCE = 5
"""The most faults of which the work sees the second before it got on after the first."""
VICTIM_S, STEP_S = 3.0, 0.02
STUCK_S = 240.0
Living = Mapping[str, Sequence[psutil.Process]]
log = logging.getLogger(__name__)


class Injector:
    """Does the `faults`, each so often, at processes that `living` finds, by kind. `deck` are those to come."""

    def __init__(self, seed: int, faults: Mapping[Fault, int], living: Callable[[], Living], frozen_s: float) -> None:
        self.deck = [fault for fault, count in sorted(faults.items()) for _ in range(count)]
        self.done: Counter[Fault] = Counter()
        self._random, self._living, self._frozen_s = random.Random(seed), living, frozen_s
        self._random.shuffle(self.deck)
        self._pause = threading.Event()

    def disturb(self, progress: Callable[[], int], has_ended: Callable[[], bool], latest: float) -> None:
        """A few faults now and each time that the work has got on, until it has ended; it must not get stuck.

        None after `latest` (on the monotonic clock).
        """
        seen, since = -1, time.monotonic()
        while not has_ended():
            now = progress()
            if now > seen:
                seen, since = now, time.monotonic()
                for _ in range(self._random.randint(1, AT_ONCE) if since < latest else 0):
                    self._pause.wait(self._random.uniform(0, LATEST_S))
                    self._next()
            assert time.monotonic() - since < STUCK_S, f"stuck at {now} after {dict(self.done)}"
            self._pause.wait(STEP_S)

    def _next(self) -> None:
        """The first fault of the deck if there is a victim soon (some live for a moment only), else the first that finds one."""
        if not until(lambda: self._strike(self.deck[:1]), VICTIM_S, STEP_S):
            self._strike(self.deck)

    def _strike(self, faults: Sequence[Fault]) -> bool:
        """Whether there was a victim of one of them."""
        living = self._living()
        for how, kind in faults:
            if living[kind] and self._hit(how, self._random.choice(living[kind])):
                self.deck.remove((how, kind))
                self.done[how, kind] += 1
                return True
        return False

    def _hit(self, how: str, victim: psutil.Process) -> bool:
        """Whether it was still there."""
        with suppress(psutil.NoSuchProcess):
            log.info("%s %s %d", how, victim.name(), victim.pid)
            victim.send_signal(signal.SIGKILL if how == KILL else signal.SIGSTOP)
            if how == FREEZE:
                self._pause.wait(self._frozen_s)
                with suppress(psutil.NoSuchProcess):
                    victim.send_signal(signal.SIGCONT)
            return True
        return False
