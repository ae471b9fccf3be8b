"""Warm actors: processes of the Ray cluster that keep their models loaded and wait for a few segments at a time.

Ray Data needs seconds to start and load before the first picture is looked at; these need none. They are detached and
have names, so they outlive whoever made them and the next one finds them. They claim no CPU, so that they are in
nobody's way while they wait. What they hold can be loaded again: they are killed without regret, when work is
dismissed or stalls, and made anew.
"""

import hashlib
import logging
import os
import threading
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

from models.world.errors import MallError, StoreUnavailable
from models.world.places import Site
from pipelines.flow import Resources, Stages, failed
from pipelines.sink import Result
from pipelines.steps import Row

log = logging.getLogger(__name__)
NAMESPACE = "mall"
HEALTH = "health"
"""The group of calls that are answered beside the work."""
LOADING_S = 120.0
"""How long an actor may take to answer for the first time, with its models loaded."""
MOST = 4
TRIES = 3
STOP_POLL_S = 0.2


class WarmStages:
    """The stages in an actor's process, loaded by its first call."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._loading = threading.Lock()

    @cached_property
    def _stages(self) -> Stages:
        return Stages(self._resources)

    def ready(self) -> bool:
        """Answers when the models are loaded."""
        with self._loading:
            return self._stages is not None

    def pid(self) -> int:
        """The number of this process."""
        return os.getpid()

    def work(self, row: Row, site: Site) -> Result:
        """All stages on one segment."""
        self.ready()
        return self._stages(row, site)


class Warm:
    """Up to `actors` warm actors on the cluster that this process is connected to.

    Actors are shared by all who have equal resources; `stop` ends whatever they do, whoever asked for it, and is final.
    """

    name = "warm"

    def __init__(self, resources: Resources, actors: int = 2) -> None:
        self._resources, self._most = resources, max(1, min(actors, MOST))
        self._stopped = threading.Event()

    def places(self) -> int:
        """As many as there are actors."""
        return self._most

    def run(self, rows: Sequence[Row], site: Site, longest_s: float) -> list[Result]:  # noqa: ARG002
        """Work on all rows, one at a time in each actor. Returns early when stopped."""
        return list(self._results(list(rows), site))

    def make_ready(self) -> None:
        """Have all actors loaded, before there is anything to do. Raises MallError with the reason if they cannot."""
        for number in range(self._most):
            self._actor(number)

    def stop(self) -> None:
        """End the work now: its actors are killed. A `run` that waits returns with what it has."""
        self._stopped.set()
        for number in range(self._most):
            self._kill(number)

    def _results(self, waiting: list[Row], site: Site) -> Iterator[Result]:
        import ray

        if self._stopped.is_set():
            return
        actors = [self._actor(number) for number in range(min(self._most, len(waiting)))]
        running: dict[Any, tuple[int, Row]] = {}
        while (waiting or running) and not self._stopped.is_set():
            busy = {number for number, _ in running.values()}
            for number in range(len(actors)):
                if number not in busy and waiting:
                    row = waiting.pop(0)
                    running[actors[number].work.remote(row, site)] = (number, row)
            done, _ = ray.wait(list(running), timeout=STOP_POLL_S)
            for finished in done:
                number, row = running.pop(finished)
                result = self._result(finished, row)
                if result is not None:
                    yield result
                elif waiting and not self._stopped.is_set():
                    actors[number] = self._actor(number)

    def _result(self, finished: Any, row: Row) -> Result | None:
        """None if the actor died of it."""
        import ray
        from ray.exceptions import RayActorError, RayTaskError

        try:
            result: Result = ray.get(finished)
            return result
        except RayTaskError as error:
            return failed(row, error.cause)
        except RayActorError as error:
            log.warning("a warm actor died of segment %s: %s", row["segment_id"], error)
            return None

    def _actor(self, number: int) -> Any:
        """An actor that answers: the one that is there, or a new one."""
        import ray
        from ray.exceptions import GetTimeoutError, RayActorError, RayTaskError

        for _ in range(TRIES):
            actor = self._named(number)
            try:
                ray.get(actor.ready.options(concurrency_group=HEALTH).remote(), timeout=LOADING_S)
                return actor
            except RayTaskError as error:
                self._kill(number)
                raise MallError(f"a warm actor cannot load its models: {error.cause}") from error
            except (GetTimeoutError, RayActorError) as error:
                log.warning("a warm actor does not answer and is made anew: %s", error)
                self._kill(number)
        raise StoreUnavailable("no warm actor comes up on the Ray cluster; is it healthy? see mall status")

    def _named(self, number: int) -> Any:
        import ray

        remote: Any = ray.remote
        made = remote(num_cpus=0, max_restarts=0, max_task_retries=0, concurrency_groups={HEALTH: 1})(WarmStages)
        return made.options(
            name=self._name(number), namespace=NAMESPACE, lifetime="detached", get_if_exists=True
        ).remote(self._resources)

    def _kill(self, number: int) -> None:
        import ray

        try:
            actor = ray.get_actor(self._name(number), namespace=NAMESPACE)
        except ValueError:  # there is none
            return
        ray.kill(actor)

    def _name(self, number: int) -> str:
        return f"mall-warm-{self.key}-{number}"

    @cached_property
    def key(self) -> str:
        """The same for equal resources, so that actors with other models or addresses are never taken for these."""
        from ray import cloudpickle

        content: bytes = cloudpickle.dumps(self._resources)  # type: ignore[no-untyped-call]
        return hashlib.sha256(content).hexdigest()[:12]
