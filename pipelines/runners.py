"""Runners: how the rows of claimed segments are worked on. Whoever extracts is handed one and knows no more of it.

What a runner leaves without a result was with a worker that died. A row that is given alone is worked on by a process
that works on nothing else, so that such a death can be laid to its account.
"""

from collections.abc import Sequence
from typing import Protocol

from models.world.places import Site
from pipelines import flow
from pipelines.flow import Resources
from pipelines.sink import Result
from pipelines.steps import Row


class Runner(Protocol):
    """Works on rows."""

    name: str
    """As in the store: plain, ray or warm."""

    def places(self) -> int:
        """How many segments are worked on at once, roughly."""

    def run(self, rows: Sequence[Row], site: Site, longest_s: float) -> list[Result]:
        """Work on all rows and say what became of them; the ledger has the last word.

        `longest_s` is the length of the longest segment. Raises NoCapacity and StoreUnavailable.
        """


class Plain:
    """One after the other in this process. A segment that kills its worker kills this one."""

    name = "plain"

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def places(self) -> int:
        """One."""
        return 1

    def run(self, rows: Sequence[Row], site: Site, longest_s: float) -> list[Result]:  # noqa: ARG002
        """Work on all rows."""
        return flow.run_plain(rows, site, self._resources)


class OnRay:
    """Ray Data on the cluster that this process is connected to; waits `patience_s` for others to leave it."""

    name = "ray"

    def __init__(self, resources: Resources, patience_s: float = flow.LEAVE_S) -> None:
        self._resources, self._patience_s = resources, patience_s

    def places(self) -> int:
        """As many as the cluster has CPUs."""
        import ray

        cpus: float = ray.cluster_resources().get("CPU", 1.0)  # type: ignore[no-untyped-call]
        return max(1, int(cpus))

    def run(self, rows: Sequence[Row], site: Site, longest_s: float) -> list[Result]:
        """Work on all rows."""
        return flow.run_ray(rows, site, self._resources, longest_s, self._patience_s)
