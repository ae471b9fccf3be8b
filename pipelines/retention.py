"""Retention, once a day: what is past its time leaves the tables, the object store and the exports; legal hold wins.

Each step is whole in itself and may be done twice, so a job that was killed goes on where it stopped.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import structlog

from pipelines import raw
from pipelines.export import changed, export_day, files
from pipelines.objects import Objects
from sql import retention, store
from sql.retention import KEPT, Step
from sql.store import Store

ORDER = ("drop", "delete", "forget", "export", "move")
"""What must not be kept any longer goes first; a day is exported before it is moved aside."""
VIDEO, EXPORT, DAY = "video", "export", "day"
WHO = "retention"
"""Who exports, in the audit."""
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Retention:
    """What it works on: the store as the roles `ingest` and `read`, and the objects."""

    ingest: Store
    read: Store
    objects: Objects
    patience_s: float = 60.0

    def plan(self, today: date) -> list[Step]:
        """All that is to be done today, in order; nothing is changed."""
        with self.ingest.connection() as connection:
            steps = retention.plan(connection, today)
            videos = {one.window.start.date() for one in retention.outlived(connection, today)}
            exported = [day for day in files.stored_days(self.objects) if day < today - KEPT]
            old = [day for day in exported if not retention.is_held(connection, day)]
        steps += [Step("forget", VIDEO, day) for day in sorted(videos)]
        steps += [Step("forget", EXPORT, day) for day in old]
        steps += [Step("export", DAY, day) for day in changed(self.read, self.objects, today)]
        return sorted(steps, key=lambda step: (ORDER.index(step.action), step.day, step.family))

    def run(self, today: date, tell: Callable[[Step], None] = lambda _: None) -> list[Step] | None:
        """Do it, with partitions made ahead; None if somebody else is at it.

        Raises what stops a step, such as StoreUnavailable for a table that is read without pause; what was done by
        then stays done.
        """
        with retention.alone(self.ingest) as alone:
            if not alone:
                return None
            with self.ingest.connection() as connection:
                retention.make_ahead(connection, today)
            steps = self.plan(today)
            for step in steps:
                self._do(step, today)
                log.info("retention", step=str(step))
                tell(step)
            with self.ingest.connection() as connection:
                retention.note_done(connection, today)
            return steps

    def _do(self, step: Step, today: date) -> None:
        if step.action == "export":
            export_day(step.day, self.read, self.objects, WHO)
        elif step.action != "forget":
            retention.retire(self.ingest, step, self.patience_s)
        elif step.family == VIDEO:
            self._forget_video(step.day, today)
        else:
            files.remove(self.objects, step.day)

    def _forget_video(self, day: date, today: date) -> None:
        """The files that began on the day, their crops, tracklets and embeddings; then their rows."""
        with self.ingest.connection() as connection:
            segments = [one for one in retention.outlived(connection, today) if one.window.start.date() == day]
        for segment in segments:
            self.objects.delete_prefix(raw.folder(segment.camera_id, str(day), str(segment.segment_id)))
            self.objects.delete_prefix(segment.key)
        with self.ingest.connection() as connection:
            retention.forget(connection, segments)


def daily(ingest_dsn: str, read_dsn: str, objects: Objects, today: date) -> bool:
    """Do today's retention, unless it was done today or somebody else is at it; whether it was done now."""
    with Store(ingest_dsn, role="ingest", size=2) as ingest, Store(read_dsn, role="read", size=2) as read:
        with ingest.connection() as connection:
            store.check_version(connection)
            if retention.is_done(connection, today):
                return False
        return Retention(ingest, read, objects).run(today) is not None
