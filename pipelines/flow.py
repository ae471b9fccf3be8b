"""The stages of extraction, run by Ray Data on a cluster or by a plain loop in this process.

claimed segments -> Detect -> Track -> Describe -> sink; one segment is one row and one block. Detection has processes of its own,
the rest shares one; what goes between them is detections and small crops, never frames. Nothing of worth lives in Ray: the ledger holds the truth.
"""

import logging
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from models.vision import describer, reidentifier
from models.vision import detector as detectors
from models.vision.detector import Detector
from models.vision.weights import DEFAULT_DETECTOR
from models.world.errors import MallError, NoCapacity, StoreUnavailable
from models.world.places import Site
from pipelines import sink
from pipelines.guard import DecodeLimits
from pipelines.looking import Rate
from pipelines.objects import Objects
from pipelines.sink import ProgressNotes, Result
from pipelines.steps import FAILED, Describe, Describer, Detect, Row, Track
from sql.store import Store

if TYPE_CHECKING:
    from ray.data import Dataset

log = logging.getLogger(__name__)
FINISH_CPUS, LEAST_CPUS = 0.5, 1.0
"""Share of a CPU for what comes after detection; a cluster with a single free CPU still works."""
SETTLE_S, LEAVE_S = 3.0, 60.0
"""Actors that have ended give their CPUs back a little later: how long to wait for all, and for enough of them."""
DETECT_MEMORY, FINISH_MEMORY = 1 << 30, 512 << 20
LONGEST_SILENCE_S = 600.0


@dataclass(frozen=True)
class Resources:
    """Everything that workers need, picklable: nothing reads the environment.

    `database_dsn` is that of the ingest role. `detector` names weights; `load_detector` replaces them, `load_describer`
    the describer (both must be picklable). `reidentification` names weights, or `colours`. `lease_s` is how long work stays ours without a beat.
    """

    objects: Objects
    database_dsn: str
    detector: str = DEFAULT_DETECTOR
    rate: Rate = field(default_factory=Rate)
    decode: DecodeLimits = field(default_factory=DecodeLimits)
    lease_s: float = 120.0
    reidentification: str = reidentifier.DEFAULT
    load_detector: Callable[[], Detector] | None = None
    load_describer: Callable[[], Describer] = describer.Describer

    @property
    def detector_loader(self) -> Callable[[], Detector]:
        """Loads the detector in the process that calls it."""
        return self.load_detector or partial(detectors.load, self.detector)


@dataclass(frozen=True)
class Shares:
    """How a cluster is used: `detectors` actors with `cpus` (and `gpus`) each, `finishers` for the rest."""

    detectors: int
    cpus: float
    gpus: float
    finishers: int


class Stages:
    """All stages in this process, with their models loaded once."""

    def __init__(self, resources: Resources) -> None:
        self._note = ProgressNotes(resources.database_dsn)
        self._detect = Detect(
            resources.objects,
            resources.detector_loader,
            resources.rate,
            resources.decode,
            resources.reidentification,
            self._note,
        )
        self._finish = Finish(resources)  # last: models may not load

    def __call__(self, row: Row, site: Site) -> Result:
        """A segment from its file to its named result."""
        return self._finish(self._detect(row, site), site)

    def close(self) -> None:
        """Give the connections back."""
        self._finish.close()
        self._note.close()


class Finish:
    """What comes after detection, in one process: tracks, their descriptions, and the result where the ledger names it."""

    def __init__(self, resources: Resources) -> None:
        self._objects = resources.objects
        self._describe = Describe(resources.load_describer)
        self._store = Store(resources.database_dsn, role="ingest", size=1)

    def __call__(self, row: Row, site: Site) -> Result:
        """A segment from its detections to its named result."""
        return sink.write(self._describe(Track(site)(row)), self._objects, self._store)

    def close(self) -> None:
        """Give the connection back."""
        self._store.close()


def run_plain(rows: Iterable[Row], site: Site, resources: Resources) -> list[Result]:
    """All stages one after the other in this process, a segment at a time."""
    with closing(Stages(resources)) as stages:
        return [stages(row, site) for row in rows]


def run_ray(
    rows: Sequence[Row], site: Site, resources: Resources, longest_s: float, patience_s: float = LEAVE_S
) -> list[Result]:
    """All stages on the Ray cluster that this process is connected to; the ledger has the last word on the results.

    `longest_s` is the length of the longest segment. Nothing is tried twice: a segment whose worker dies is left
    unfinished, and so may be its neighbours. A row given alone is worked on by a process that works on nothing else,
    so the death of that process is its own doing; likewise a process that is silent for longer than ten minutes and
    twice `longest_s`. Raises NoCapacity if the cluster is too small, or others keep its CPUs for `patience_s`.
    """
    shares = share(*_free(patience_s))
    silence_s = max(LONGEST_SILENCE_S, 2 * longest_s)
    if len(rows) == 1:
        return _run_alone(rows[0], site, resources, shares, silence_s)
    return _run_together(rows, site, resources, shares, silence_s)


def _run_alone(row: Row, site: Site, resources: Resources, shares: Shares, silence_s: float) -> list[Result]:
    """One segment in a process of its own; no result if that dies or takes longer than `silence_s`."""
    import ray
    from ray.exceptions import GetTimeoutError, RayError, RayTaskError

    memory = DETECT_MEMORY + FINISH_MEMORY
    try:
        with _process(num_cpus=LEAST_CPUS, num_gpus=shares.gpus, memory=memory) as process:
            running = process.run.remote(run_plain, [row], site, resources)
            results: list[Result] = ray.get(running, timeout=silence_s)
        return results
    except RayTaskError as error:
        return [failed(row, error.cause)]
    except (GetTimeoutError, RayError) as error:
        log.warning("segment %s left its worker without a result: %s", row["segment_id"], error)
        return []


@contextmanager
def _process(**options: Any) -> Iterator[Any]:
    """A process of the cluster that runs one thing after another, and is killed at the end, in whatever it is.

    A task would do, but cancelling one that may be ending aborts the process that cancels (Ray 2.60), and what has
    driven Ray Data may stay, 190 MB, for as long as Ray Data's own actors know anything of it.
    """
    import ray

    process: Any = ray.remote(max_restarts=0, **options)(_Process).remote()
    try:
        yield process
    finally:
        ray.kill(process)


class _Process:
    """What such a process does."""

    def run(self, work: Callable[..., list[Result]], *given: Any) -> list[Result]:
        """The results of `work` with what is given."""
        return work(*given)


def failed(row: Row, cause: BaseException) -> Result:
    """What becomes of a segment by an error that says nothing about its video. Raises the cause if the store is away."""
    if isinstance(cause, StoreUnavailable):
        raise cause
    log.error("segment %s failed", row["segment_id"], exc_info=cause)
    return Result(UUID(row["segment_id"]), FAILED, f"{type(cause).__name__}: {cause}")


def _run_together(
    rows: Sequence[Row], site: Site, resources: Resources, shares: Shares, silence_s: float
) -> list[Result]:
    """Ray Data, driven by a process of its own.

    All actors of the run end with that process. In a driver that goes on, actors that had been restarted kept their
    CPUs for ever (Ray 2.60), and a backfill of days would gather what Ray Data remembers of each run.
    """
    import ray
    from ray.exceptions import RayError, RayTaskError

    try:
        with _process(num_cpus=0) as process:
            results: list[Result] = ray.get(process.run.remote(_drive, rows, site, resources, shares, silence_s))
        return results
    except RayTaskError as error:
        raise error.cause from error
    except RayError as error:
        raise MallError(
            f"the process that drove the extraction died; run it again, what is done stays done: {error}"
        ) from error


def _drive(rows: Sequence[Row], site: Site, resources: Resources, shares: Shares, silence_s: float) -> list[Result]:
    from ray import data
    from ray.data.exceptions import ExecutionTimeoutError

    _set_limits(silence_s)
    results: list[Result] = []
    with _no_advice():
        segments = data.from_items(list(rows), override_num_blocks=len(rows))
        try:
            finished = _finished(segments, len(rows), shares, site, resources)
            results.extend(Result(**{**row, "segment_id": UUID(row["segment_id"])}) for row in finished.iter_rows())
        except ExecutionTimeoutError as error:
            log.warning("no segment got on for %g s: %s", silence_s, error)
    return results


def _set_limits(silence_s: float) -> None:
    """No progress bars of Ray's own, an error rather than a silent wait for ever, and failed segments do not end the rest."""
    from ray import data

    context = data.DataContext.get_current()
    context.execution_options.verbose_progress = False
    context.enable_progress_bars = False
    context.execution_no_progress_timeout_s = silence_s
    context.max_errored_blocks = -1


@contextmanager
def _no_advice() -> Iterator[None]:
    """Ray 2.60 warns of remote arguments without a name of their own, and has none for restarts and retries; and it
    advises smaller blocks where so many workers died that a stage got less than it has actors.
    """
    from ray.util.annotations import RayDeprecationWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RayDeprecationWarning)
        warnings.filterwarnings("ignore", "The minimum number of concurrent actors for", UserWarning)
        yield


def _finished(segments: "Dataset", count: int, shares: Shares, site: Site, resources: Resources) -> "Dataset":
    """What becomes of `count` segments, on their way through all stages: rows of `Result`."""
    from ray import data

    pool: dict[str, Any] = {"max_restarts": -1, "max_task_retries": 0}
    detected = segments.map(
        Detect,  # type: ignore[arg-type]  # Ray's own annotation leaves out classes of callables
        fn_constructor_args=(
            resources.objects,
            resources.detector_loader,
            resources.rate,
            resources.decode,
            resources.reidentification,
            ProgressNotes(resources.database_dsn),
        ),
        fn_args=(site,),
        compute=data.ActorPoolStrategy(size=min(shares.detectors, count), max_tasks_in_flight_per_actor=2),
        num_cpus=shares.cpus,
        num_gpus=shares.gpus or None,
        memory=DETECT_MEMORY,
        **pool,
    )
    return detected.map(
        FinishRow,  # type: ignore[arg-type]
        fn_constructor_args=(resources,),
        fn_args=(site,),
        compute=data.ActorPoolStrategy(size=min(shares.finishers, count), max_tasks_in_flight_per_actor=2),
        num_cpus=FINISH_CPUS,
        memory=FINISH_MEMORY,
        **pool,
    )


class FinishRow(Finish):
    """The same with a result that Ray Data can carry."""

    def __call__(self, row: Row, site: Site) -> Row:  # type: ignore[override]
        """The result as a row."""
        return {**asdict(super().__call__(row, site)), "segment_id": row["segment_id"]}


def share(free_cpus: float, gpus: float, all_cpus: float) -> Shares:
    """How to use so many free CPUs: detection takes what the other stages leave.

    Raises NoCapacity if there is less than one CPU.
    """
    if free_cpus < LEAST_CPUS:
        raise NoCapacity(
            f"extraction needs {LEAST_CPUS:g} free CPU of the Ray cluster; {free_cpus:g} of {all_cpus:g} are free: "
            "stop other work on it or add a node (it would wait for ever)"
        )
    finishers = max(1, int(free_cpus) // 4)
    for_detection = free_cpus - finishers * FINISH_CPUS
    detectors_ = int(gpus) if gpus >= 1 else max(1, round(for_detection))
    return Shares(detectors_, for_detection / detectors_, 1.0 if gpus >= 1 else 0.0, finishers)


def check_capacity() -> None:
    """Raises NoCapacity if the cluster that this process is connected to is too small, whatever else runs on it."""
    import ray

    whole = ray.cluster_resources().get("CPU", 0.0)  # type: ignore[no-untyped-call]
    if whole < LEAST_CPUS:
        raise NoCapacity(
            f"extraction needs {LEAST_CPUS:g} CPU of the Ray cluster, which has {whole:g} in all: add a node "
            "(it would wait for ever)"
        )


def _free(patience_s: float) -> tuple[float, float, float]:
    """Free CPUs, free GPUs and all CPUs of the cluster; waits for others to leave it, if they do within `patience_s`."""
    import ray

    check_capacity()
    began = time.monotonic()
    while True:
        free, whole = ray.available_resources(), ray.cluster_resources()  # type: ignore[no-untyped-call]
        cpus, all_cpus = free.get("CPU", 0.0), whole.get("CPU", 0.0)
        allowed_s = SETTLE_S if cpus >= LEAST_CPUS else patience_s
        if cpus >= all_cpus or time.monotonic() - began > allowed_s:
            return cpus, free.get("GPU", 0.0), all_cpus
        time.sleep(0.2)
