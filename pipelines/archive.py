"""Taking recorded files into the archive: checked, put into a container with right times if need be, stored once.

A file's place in time comes from its start and its end or true frame rate, as the caller gives them; only where
neither is given the times in the file are believed. Its identity is camera, start and SHA-256 of the file as it was
given (`Segment.sha256`), so the same file may be given any number of times. Order of work: the object is stored,
then its row is written; whatever dies in between is mended by running it again.
"""

import logging
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol
from uuid import UUID

from models.world.errors import BadInput, BadVideo, BadWindow, OverlappingSegment
from models.world.people import segment_id
from models.world.periods import Window
from models.world.places import Camera, Segment
from pipelines import decode
from pipelines.decode import Probe
from pipelines.guard import DecodeLimits
from pipelines.objects import Objects, sha256_of
from sql import videos
from sql.store import Store

_LOG = logging.getLogger(__name__)
_SUFFIXES = {"mov,mp4,m4a,3gp,3g2,mj2": ".mp4", "matroska,webm": ".mkv", "mpegts": ".ts", "avi": ".avi"}
_MAX_FPS = 1000.0
_NOTEWORTHY = 1.05


class SegmentStore(Protocol):
    """Where the rows of segments are kept."""

    def add(self, segment: Segment) -> bool:
        """Keep a segment; False if it is there already. Raises OverlappingSegment and UnknownCamera."""

    def segments(self, window: Window, cameras: Sequence[str] | None = None) -> list[Segment]:
        """The segments that touch the window."""


class StoredSegments:
    """The rows of segments in the database."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, segment: Segment) -> bool:
        """Keep a segment; False if it is there already."""
        with self._store.connection() as connection:
            return videos.add(connection, segment)

    def segments(self, window: Window, cameras: Sequence[str] | None = None) -> list[Segment]:
        """The segments that touch the window."""
        with self._store.connection() as connection:
            return videos.segments(connection, window, cameras)


@dataclass(frozen=True)
class _Recording:
    """A checked file, and when it was recorded."""

    path: Path
    camera: Camera
    window: Window
    sha256: str
    probe: Probe

    @property
    def segment_id(self) -> UUID:
        return segment_id(self.camera.id, self.window.start, self.sha256)

    @property
    def true_fps(self) -> float:
        return self.probe.frames / self.window.seconds

    def segment(self, stored: Path, probe: Probe) -> Segment:
        """The segment that it becomes when the file `stored`, in which `probe` was found, is kept of it."""
        assert probe.duration_s is not None
        assert probe.keyframe_interval_s is not None
        day = self.window.start.strftime("%Y/%m/%d")
        return Segment(
            segment_id=self.segment_id,
            camera_id=self.camera.id,
            window=self.window,
            sha256=self.sha256,
            key=f"video/{self.camera.id}/{day}/{self.segment_id}{_SUFFIXES[probe.format]}",
            bytes=stored.stat().st_size,
            width_px=probe.width_px,
            height_px=probe.height_px,
            frames=probe.frames,
            keyframe_interval_s=probe.keyframe_interval_s * self.window.seconds / probe.duration_s,
        )


def ingest(
    path: Path,
    camera: Camera,
    start: datetime,
    end: datetime | None = None,
    fps: float | None = None,
    *,
    store: SegmentStore,
    objects: Objects,
    limits: DecodeLimits | None = None,
    now: datetime | None = None,
) -> Segment:
    """Take a recorded file of a camera into the archive; the segment, which may have been there before.

    end   when the recording ended, or
    fps   how many pictures a second it really has; without both the file's own times are believed
    now   the present, beyond which nothing can start

    Raises BadVideo for a file that is not a complete, decodable video of the camera's resolution, BadWindow for an
    impossible time, OverlappingSegment if the camera has another recording of that time, and what the stores raise.
    """
    _check_times(path, start, end, fps, now or datetime.now(UTC))
    probe = decode.probe(path, limits)
    _check_picture(path, probe, camera)
    window = Window(start, end or start + timedelta(seconds=_length_s(path, probe, camera, fps)))
    recording = _Recording(path, camera, window, sha256_of(path), probe)
    known = _known(recording, store)
    if known is not None and objects.exists(known.key):
        return known
    with _storable(recording, limits) as (stored, contents):
        segment = recording.segment(stored, contents)
        objects.put_file(segment.key, stored, segment.sha256 if stored == path else sha256_of(stored))
    _add(segment, store, objects)
    return segment


def _check_times(path: Path, start: datetime, end: datetime | None, fps: float | None, now: datetime) -> None:
    if start.tzinfo is None or (end is not None and end.tzinfo is None):
        raise BadWindow(f"{path}: the start and the end of a recording need an offset from UTC")
    if start > now:
        raise BadWindow(
            f"{path}: a recording cannot start in the future ({start.isoformat()}; it is {now.isoformat()})"
        )
    if end is not None and fps is not None:
        raise BadWindow(f"{path}: give the end or the frame rate, not both: one follows from the other")
    if end is not None and end <= start:
        raise BadWindow(f"{path}: a recording cannot end ({end.isoformat()}) before it starts ({start.isoformat()})")
    if fps is not None and not 0 < fps <= _MAX_FPS:
        raise BadWindow(f"{path}: {fps:g} pictures a second cannot be; expected more than 0, at most {_MAX_FPS:g}")


def _check_picture(path: Path, probe: Probe, camera: Camera) -> None:
    if probe.is_cut:
        reason = probe.damage or f"{probe.frames} of the {probe.promised_frames} pictures its header promises are there"
        raise BadVideo(f"{path}: the file is cut off or damaged ({reason}); copy or export it again")
    if (probe.width_px, probe.height_px) != (camera.width_px, camera.height_px):
        raise BadVideo(
            f"{path}: its pictures have {probe.width_px}x{probe.height_px} px, but camera {camera.id} has "
            f"{camera.width_px}x{camera.height_px} px: is it a file of another camera, or the site file wrong?"
        )


def _length_s(path: Path, probe: Probe, camera: Camera, fps: float | None) -> float:
    if fps is not None:
        return probe.frames / fps
    if probe.duration_s is None:
        raise BadVideo(f"{path}: there are no times in it; give its true frame rate (--fps) or its end (--end)")
    header_fps = probe.frames / probe.duration_s
    if not 1 / _NOTEWORTHY < header_fps / camera.frame_rate_hz < _NOTEWORTHY:
        _LOG.warning(
            "%s has %.3g pictures a second by its own times, camera %s has %.3g by the site file; "
            "the file is believed, give --fps or --end if it is wrong",
            *(path, header_fps, camera.id, camera.frame_rate_hz),
        )
    return probe.duration_s


def _known(recording: _Recording, store: SegmentStore) -> Segment | None:
    """The same recording, if it is in the archive. Raises OverlappingSegment if another one is there at its time."""
    for other in store.segments(recording.window, [recording.camera.id]):
        if other.segment_id == recording.segment_id and other.window == recording.window:
            return other
        same = "the same file is there, but over" if other.sha256 == recording.sha256 else "it has a recording of"
        raise OverlappingSegment(
            f"{recording.path}: camera {recording.camera.id} cannot have recorded it over {recording.window}: "
            f"{same} {other.window}"
        )
    return None


@contextmanager
def _storable(recording: _Recording, limits: DecodeLimits | None) -> Iterator[tuple[Path, Probe]]:
    """The file itself, or a re-encoded one where its pictures have no times of their own; and what is in it."""
    if recording.probe.has_timestamps and recording.probe.format in _SUFFIXES:
        yield recording.path, recording.probe
        return
    with tempfile.TemporaryDirectory(prefix="mall-ingest-") as folder:
        stored = Path(folder) / "video.mp4"
        decode.reencode(recording.path, stored, recording.true_fps, limits)
        yield stored, decode.probe(stored, limits)


def _add(segment: Segment, store: SegmentStore, objects: Objects) -> None:
    try:
        store.add(segment)
    except BadInput:
        objects.delete_prefix(segment.key)  # the row was refused: nothing will ever name this object
        raise
