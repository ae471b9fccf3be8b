"""A job as OGC API - Processes 1.0 status info, with what else helps whoever waits."""

from collections.abc import Iterable

from serve.logic.standing import ENDED, Standing
from serve.presentation.values import plain

Document = dict[str, object]
RESULTS = "http://www.opengis.net/def/rel/ogc/1.0/results"
PASSING = frozenset({"updated", "eta", "eta_s"})
"""What changes with every look although nothing has happened."""
_ONCE_KNOWN = frozenset({"started", "finished"})
"""What the standard wants left out until it is known."""


def job_document(standing: Standing) -> Document:
    """The status info: `status` is accepted, running, successful, failed or dismissed, `progress` 0 to 100.

    `camera_hours` and `segments` are those of the job's extraction, which others may wait for too; `eta` is when it
    will probably end, and null while nothing is known about the speed.
    """
    job, progress, left = standing.job, standing.progress, standing.left
    document: Document = {
        "jobID": str(job.job_id),
        "processID": job.question,
        "type": "process",
        "status": standing.state,
        "message": standing.message,
        "created": plain(job.created_at),
        "started": plain(standing.started_at),
        "finished": plain(standing.finished_at),
        "updated": plain(standing.finished_at or standing.at),
        "progress": standing.percent,
        "camera_hours": plain(progress.camera_s / 3600),
        "camera_hours_done": plain(progress.camera_s_done / 3600),
        "eta_s": None if left is None else round(left.total_seconds(), 1),
        "eta": None if left is None else plain(standing.at + left),
        "segments": {
            "total": progress.segments,
            "done": progress.segments_done,
            "quarantined": progress.quarantined,
        },
        "inputs": plain(job.inputs),
        "links": _links(standing),
    }
    return {name: value for name, value in document.items() if value is not None or name not in _ONCE_KNOWN}


def job_schema() -> Document:
    """The JSON schema of the status info."""
    text, number, moment = {"type": "string"}, {"type": "number"}, {"type": "string", "format": "date-time"}
    return {
        "type": "object",
        "required": ["jobID", "processID", "type", "status"],
        "properties": {
            **dict.fromkeys(("jobID", "processID", "message"), text),
            "type": {"type": "string", "enum": ["process"]},
            "status": {"type": "string", "enum": ["accepted", *sorted({"running", *ENDED})]},
            **dict.fromkeys(("created", "started", "finished", "updated"), moment),
            "progress": {"type": "integer", "minimum": 0, "maximum": 100},
            **dict.fromkeys(("camera_hours", "camera_hours_done"), number),
            **{name: {"anyOf": [kind, {"type": "null"}]} for name, kind in (("eta_s", number), ("eta", moment))},
            "segments": {"type": "object"},
            "inputs": {"type": "object"},
            "links": {"type": "array", "items": {"type": "object"}},
        },
    }


def job_list(standings: Iterable[Standing]) -> Document:
    """Several jobs, in the order given."""
    links = [_link("/jobs", "self", "your jobs")]
    return {"jobs": [job_document(standing) for standing in standings], "links": links}


def has_changed(before: Document, after: Document) -> bool:
    """Whether something has happened between two status infos of one job."""
    return any(before.get(name) != value for name, value in after.items() if name not in PASSING)


def _links(standing: Standing) -> list[Document]:
    path = f"/jobs/{standing.job.job_id}"
    links = [_link(path, "self", "this status")]
    if standing.state == "successful":
        links.append(_link(f"{path}/results", RESULTS, "the answer"))
    if not standing.has_ended:
        links.append({**_link(f"{path}/events", "monitor", "each change as it happens"), "type": "text/event-stream"})
    return links


def _link(href: str, rel: str, title: str) -> Document:
    return {"href": href, "rel": rel, "type": "application/json", "title": title}
