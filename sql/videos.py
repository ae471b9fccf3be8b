"""Recorded files: which camera filmed when, and where the file lies."""

import uuid
from collections.abc import Sequence
from typing import Any

from models.world.errors import OverlappingSegment, UnknownCamera
from models.world.periods import Window
from models.world.places import Segment
from sql.store import Connection
from sql.text import statement


def add(connection: Connection, segment: Segment) -> bool:
    """Note a recorded file; False when the same file (camera, start and content) is there already.

    Raises UnknownCamera, and OverlappingSegment when the camera has another file at that time.
    """
    row = _row(segment)
    if connection.execute(statement("videos/find-camera"), row).fetchone() is None:
        raise UnknownCamera(f"there is no camera {segment.camera_id!r} in the site; load a site file that has it")
    if connection.execute(statement("videos/add-segment"), row).fetchone() is not None:
        return True
    if connection.execute(statement("videos/find-segment"), row).fetchone() is not None:
        return False
    other = connection.execute(statement("videos/overlapping-segment"), row).fetchone()
    seen = f"{Window(other[0], other[1])} (sha256 {other[2][:12]}..)" if other else "another file, deleted just now"
    raise OverlappingSegment(
        f"camera {segment.camera_id} has already recorded {seen}, which overlaps {segment.window}; "
        "give the right start and end, a camera records one file at a time"
    )


def segments(connection: Connection, window: Window, cameras: Sequence[str] | None = None) -> list[Segment]:
    """The files that touch the window, by camera and start; of all cameras unless some are named."""
    asked = {"start": window.start, "end": window.end, "cameras": None if cameras is None else list(cameras)}
    return [segment_of(row) for row in connection.execute(statement("videos/segments"), asked)]


def named(connection: Connection, segment_ids: Sequence[uuid.UUID]) -> list[Segment]:
    """Those of the files that are still there, by camera and start."""
    rows = connection.execute(statement("videos/named-segments"), {"segment_ids": list(segment_ids)})
    return [segment_of(row) for row in rows]


def segment_of(row: Sequence[Any]) -> Segment:
    """A segment from the columns segment_id, camera_id, starts_at, ends_at, sha256 and so on, as in videos/segments.sql."""
    identity, camera_id, starts_at, ends_at, *rest = row
    return Segment(identity, camera_id, Window(starts_at, ends_at), *rest)


def _row(segment: Segment) -> dict[str, Any]:
    return {
        "segment_id": segment.segment_id,
        "camera_id": segment.camera_id,
        "start": segment.window.start,
        "end": segment.window.end,
        "sha256": segment.sha256,
        "object_key": segment.key,
        "bytes": segment.bytes,
        "width_px": segment.width_px,
        "height_px": segment.height_px,
        "frames": segment.frames,
        "keyframe_interval_s": segment.keyframe_interval_s,
    }
