"""The job desk: what is not known yet is found out, and whoever asked can watch, fetch the answer or give up.

A job is one caller's. Others do not learn that it exists, unless they hold the permission to operate the mall.
"""

import uuid
from collections.abc import Mapping

import structlog

from models.world.errors import (
    Busy,
    Dismissed,
    ExtractionFailed,
    NotExtracted,
    OverBudget,
    ResultNotReady,
    UnknownJob,
)
from serve.logic import inputs as given
from serve.logic.desk import Answered, QuestionDesk, allow
from serve.logic.outcomes import ORDERED
from serve.logic.ports import Orders
from serve.logic.standing import Standing
from sql.jobs import Job
from sql.keys import Caller
from sql.requests import Quote

EXTRACT = "extract"
"""The permission to have video extracted."""
OPERATE = "operate"
"""The permission to see and dismiss the jobs of others."""
RETRY_AFTER_S = 30
"""When to come back to a queue that was full."""
log = structlog.get_logger(__name__)


class JobDesk:
    """Takes questions that may wait. Safe to use from many threads if its orders are."""

    def __init__(
        self, desk: QuestionDesk, orders: Orders, *, budget_camera_hours: float = 200.0, max_queued: int = 100
    ) -> None:
        self.desk = desk
        self.orders = orders
        self._budget_camera_hours = budget_camera_hours
        self._max_queued = max_queued

    def ask(
        self,
        question_id: str,
        inputs: Mapping[str, object],
        caller: Caller,
        callback: Mapping[str, str] | None = None,
        *,
        request_id: str = "-",
    ) -> Answered | Standing:
        """The complete answer where it is known, else a job that finds it out.

        Raises what `QuestionDesk.ask` does but NotExtracted; NotAllowed without the permission to extract, OverBudget
        for too much video at once, Busy while too much is waiting; whoever joins an equal order adds nothing to that.
        """
        try:
            return self.desk.ask(question_id, inputs, caller, request_id=request_id)
        except NotExtracted as unknown:
            missing = unknown.missing
        kept = dict(inputs)
        with self.desk.audited(caller, "order", question_id, kept, request_id, outcome=ORDERED):
            allow(caller, EXTRACT)
            quote = self.orders.quote(missing)
            self._check(quote)
            job = self.orders.place(quote, question_id, inputs, caller.name, callback)
            kept["job"] = str(job.job_id)
        log.info("job ordered", job=str(job.job_id), request=str(job.request.request_id), question=question_id)
        return self._standing(job.job_id)

    def standing(self, job_id: str, caller: Caller) -> Standing:
        """How the job stands. Raises UnknownJob; leaves no audit row, because it tells nothing of people."""
        standing = self.orders.standing(_identity(job_id))
        if standing is None or not _may_see(caller, standing.job):
            raise _unknown(job_id)
        return standing

    def standings(self, caller: Caller, limit: int) -> list[Standing]:
        """The caller's newest jobs, newest first; everybody's for whoever operates the mall."""
        return self.orders.standings(None if caller.may(OPERATE) else caller.name, limit)

    def results(self, job_id: str, caller: Caller, *, request_id: str = "-") -> Answered:
        """The complete answer of a successful job: its question is asked anew.

        Raises UnknownJob, ResultNotReady, ExtractionFailed with the reason, Dismissed, and what `QuestionDesk.ask`
        does: NotExtracted when more video has come meanwhile; then order again.
        """
        standing = self.standing(job_id, caller)
        if standing.state == "failed":
            raise ExtractionFailed(standing.message)
        if standing.state == "dismissed":
            raise Dismissed(f"the job {job_id} was dismissed; ask again for a new one")
        if not standing.has_ended:
            raise ResultNotReady(f"the job {job_id} is {standing.state}, {standing.percent} % done: {standing.message}")
        return self.desk.ask(standing.job.question, standing.job.inputs, caller, request_id=request_id)

    def dismiss(self, job_id: str, caller: Caller, *, request_id: str = "-") -> Standing:
        """Give up: the extraction ends too, unless somebody else waits for it. What has ended stays as it is."""
        with self.desk.audited(caller, "dismiss", None, {"job": given.shown(job_id)}, request_id):
            standing = self.standing(job_id, caller)
            if standing.has_ended:
                return standing
            self.orders.dismiss(standing.job.job_id)
        log.info("job dismissed", job=job_id, request=str(standing.job.request.request_id))
        return self._standing(standing.job.job_id)

    def _check(self, quote: Quote) -> None:
        camera_hours = quote.camera_s / 3600
        if camera_hours > self._budget_camera_hours:
            raise OverBudget(camera_hours, self._budget_camera_hours)
        waiting = self.orders.queue().accepted
        if waiting >= self._max_queued and not self.orders.is_wanted(quote):
            raise Busy(f"{waiting} extractions are waiting already; come back later", RETRY_AFTER_S)

    def _standing(self, job_id: uuid.UUID) -> Standing:
        standing = self.orders.standing(job_id)
        assert standing is not None
        return standing


def _may_see(caller: Caller, job: Job) -> bool:
    return job.who == caller.name or caller.may(OPERATE)


def _identity(job_id: str) -> uuid.UUID:
    try:
        return uuid.UUID(job_id)
    except ValueError:
        raise _unknown(job_id) from None


def _unknown(job_id: str) -> UnknownJob:
    return UnknownJob(f"there is no job {given.shown(job_id)!r} of yours; GET /jobs lists them")
