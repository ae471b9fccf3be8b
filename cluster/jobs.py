"""Large extraction requests as jobs of the Ray cluster: the same command that a person would submit."""

import shlex
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from models.world.errors import StoreUnavailable
from pipelines import flow

LAST_LINES = 3


class RayJobs:
    """Submits `mall extract --request ID` through one client that is kept. `dashboard` is the URL of the jobs' server.

    `environment` is what the command needs to reach the services (`mall env` prints it); whoever may submit jobs to the
    cluster can read it.
    """

    def __init__(self, dashboard: str, environment: Mapping[str, str]) -> None:
        self._dashboard, self._environment = dashboard, dict(environment)

    @cached_property
    def _client(self) -> Any:
        from ray.job_submission import JobSubmissionClient

        return JobSubmissionClient(self._dashboard)

    def submit(self, submission_id: str, request_id: uuid.UUID, epoch: int) -> None:
        """Start the job, unless there is one of this name. Raises NoCapacity if the cluster is too small."""
        flow.check_capacity()
        with _told_as_unavailable():
            if self._status(submission_id) is not None:
                return
            self._client.submit_job(
                entrypoint=shlex.join([_mall(), "extract", "--request", str(request_id), "--epoch", str(epoch)]),
                submission_id=submission_id,
                runtime_env={"env_vars": self._environment},
            )

    def is_running(self, submission_id: str) -> bool:
        """Whether the job runs or waits to."""
        with _told_as_unavailable():
            status = self._status(submission_id)
        return status is not None and not status.is_terminal()

    def stop(self, submission_id: str) -> None:
        """End the job: it is asked to (SIGTERM) and gives its segments back; after three seconds it is killed."""
        if self.is_running(submission_id):
            with _told_as_unavailable():
                self._client.stop_job(submission_id)

    def last_words(self, submission_id: str) -> str:
        """The last lines of the job's log."""
        with _told_as_unavailable():
            if self._status(submission_id) is None:
                return ""
            lines = str(self._client.get_job_logs(submission_id)).splitlines()
        return " / ".join(lines[-LAST_LINES:])

    def _status(self, submission_id: str) -> Any:
        """None for a job that is not known."""
        try:
            return self._client.get_job_status(submission_id)
        except RuntimeError as error:
            if "404" in str(error) or "does not exist" in str(error):
                return None
            raise


def _mall() -> str:
    """The command beside this Python, or wherever the cluster's nodes have it."""
    beside = Path(sys.executable).with_name("mall")
    return str(beside) if beside.exists() else "mall"


@contextmanager
def _told_as_unavailable() -> Iterator[None]:
    import requests

    try:
        yield
    except (ConnectionError, RuntimeError, requests.RequestException) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise StoreUnavailable(f"the jobs' server of the Ray cluster does not answer: {reason}") from error
