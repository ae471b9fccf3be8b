"""The steps of extraction: a segment's file becomes detections, the detections tracklets, the tracklets described people.

Each step is a callable that takes and gives one row (a dict), so it runs the same in Ray Data, in a plain loop and in a
test. Frames never leave `Detect`. A segment that cannot be used carries its reason in `error` through the rest, and in
`verdict` what that means: a reason to quarantine it, or one of the words below.
"""

import tempfile
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

import cv2
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from models.vision import describer, reidentifier
from models.vision.crops import crop
from models.vision.detector import Detections, Detector
from models.vision.pictures import Bytes, Picture
from models.vision.tracker import DetectionTable, Tracks, track
from models.world.errors import BadInput, BadVideo, DecoderLost, NotFound
from models.world.people import tracklet_id
from models.world.periods import Window
from models.world.places import Calibration, Camera, Segment, Site
from pipelines import choosing, raw
from pipelines.candidates import Candidates
from pipelines.decode import Frame, opened
from pipelines.guard import DecodeLimits
from pipelines.looking import Looks, Rate
from pipelines.objects import Objects
from sql.ledger import CORRUPT, DELETED, NOT_CALIBRATED, Claim

Row = dict[str, Any]
Floats = NDArray[np.float64]
NO_ERROR = ""
COUNTED_CONFIDENCE = 0.3
"""A detection less sure than this is not counted where people are only counted."""
_NOTHING: Mapping[str, object] = MappingProxyType({"sightings": b"", "tracklets": b"", "crop_names": [], "crops": []})
FAILED, SUSPECT = "failed", "suspect"
"""Verdicts: try it again another time; or it may have killed its decoder, which only trying it alone can tell."""
Note = Callable[[Row, float], None]
"""Told how many seconds of a row's video are done."""


def task(claim: Claim, segment: Segment) -> Row:
    """The row that starts a segment on its way."""
    return {
        "segment_id": str(segment.segment_id),
        "extractor": claim.extractor,
        "epoch": claim.epoch,
        "camera_id": segment.camera_id,
        "start": segment.window.start.isoformat(),
        "end": segment.window.end.isoformat(),
        "key": segment.key,
        "error": NO_ERROR,
        "verdict": "",
    }


class Detect:
    """Fetches a segment's file, decodes pictures of it in a guarded child and finds the people in them.

    Adds `detections`, a table (Arrow IPC) of `candidates.COLUMNS`, and `looked_s`, when the pictures looked at were taken.
    Holds detector and reidentifier, loaded once.
    """

    def __init__(
        self,
        objects: Objects,
        load_detector: Callable[[], Detector],
        rate: Rate,
        limits: DecodeLimits,
        reidentification: str = reidentifier.DEFAULT,
        note: Note | None = None,
    ) -> None:
        cv2.setNumThreads(1)
        self._note = note
        self._objects, self._rate, self._limits = objects, rate, limits
        self._detector = load_detector()
        self._reidentifier = reidentifier.load(reidentification)

    def __call__(self, row: Row, site: Site) -> Row:
        """The row with its detections, or with the reason why there are none."""
        camera = site.camera(row["camera_id"])
        try:
            with tempfile.TemporaryDirectory(prefix="mall-segment-") as folder:
                path = Path(folder) / Path(row["key"]).name
                self._objects.get_file(row["key"], path)
                found, looked_s = self._people_in(path, row, camera)
        except BadInput as error:
            return {
                **row,
                "detections": b"",
                "looked_s": [],
                "error": f"{type(error).__name__}: {error}",
                "verdict": verdict(error),
            }
        return {**row, "detections": to_ipc(found.table()), "looked_s": looked_s.tolist()}

    def _people_in(self, path: Path, row: Row, camera: Camera) -> tuple[Candidates, Floats]:
        found, window = Candidates(self._reidentifier), Window(_time(row["start"]), _time(row["end"]))
        with opened(path, window, self._limits) as video:
            numbers = video.samples(self._rate.sample_fps)
            strides = (self._rate.stride, self._rate.empty_stride) if video.stand_alone(numbers) else (1, 1)
            looks = Looks(video.taken_at_s[numbers], *strides)
            chosen, done = looks.first(), 0
            while len(chosen):
                frames = self._noted(video.frames(numbers[chosen]), row, window.seconds, done, len(numbers))
                for frame, people in people_in(frames, self._detector):
                    found.add(frame, people, [crop(frame.picture, box) for box in people.boxes_px])
                done += len(chosen)
                chosen = looks.closer(found.seen(), camera)
        return found, looks.times_s

    def _noted(self, frames: Iterator[Frame], row: Row, length_s: float, done: int, of: int) -> Iterator[Frame]:
        """The frames, the progress told after each: so many of those that there could be are `done` before."""
        for number, frame in enumerate(frames, done + 1):
            yield frame
            if self._note is not None:
                self._note(row, length_s * number / of)


def people_in(samples: Iterable[Frame], detector: Detector) -> Iterator[tuple[Frame, Detections]]:
    """Each frame with its people. Holds no more frames than the detector looks ahead; `itertools.tee` would hold dozens."""
    ahead: deque[Frame] = deque()

    def pictures() -> Iterator[Picture]:
        for frame in samples:
            ahead.append(frame)
            yield frame.picture

    for people in detector.detect(pictures()):
        yield ahead.popleft(), people


def verdict(error: BadInput) -> str:
    """What it means for a segment that it cannot be used."""
    if isinstance(error, DecoderLost):
        return SUSPECT
    if isinstance(error, BadVideo):
        return CORRUPT
    return DELETED if isinstance(error, NotFound) else FAILED


class Track:
    """Joins a segment's detections to tracklets and chooses the crops that show them best.

    Adds `sightings` and `tracklets`: the tables of `raw`, as Parquet, the second without looks; and `crop_names`, `crops`; and `pictures`, how many
    were looked at.
    """

    def __init__(self, site: Site) -> None:
        self._cameras = {camera.id: camera for camera in site.cameras}

    def __call__(self, row: Row) -> Row:
        """The row with its tracklets, the detections dropped."""
        rest = {key: value for key, value in row.items() if key not in ("detections", "looked_s")}
        if row["error"]:
            return {**rest, **_NOTHING}
        found = from_ipc(row["detections"])
        camera = self._cameras[row["camera_id"]]
        if camera.calibration is None:
            reason = counted(camera.id, found)
            return {
                **rest,
                **_NOTHING,
                "error": f"{NOT_CALIBRATED}: {reason}",
                "verdict": f"{NOT_CALIBRATED} ({reason})",
            }
        picture = camera.width_px, camera.height_px
        tracks = self._tracks(found, camera.calibration, picture, np.array(row["looked_s"]))
        names, crops = _crops(found, tracks)
        return {
            **rest,
            "sightings": raw.to_parquet(_sightings(tracks, found["embedding"])),
            "tracklets": raw.to_parquet(_tracklets(tracks, row, names)),
            "crop_names": names,
            "crops": crops,
            "pictures": len(row["looked_s"]),
        }

    def _tracks(self, found: pa.Table, calibration: Calibration, picture: tuple[int, int], looked_s: Floats) -> Tracks:
        table = DetectionTable(
            found["taken_at_s"].to_numpy(),
            found["frame"].to_numpy(),
            np.column_stack([found[side].to_numpy() for side in ("left", "top", "right", "bottom")]),
            found["confidence"].to_numpy(),
            _stacked(found["embedding"]),
        )
        return track(table, calibration, picture, looked_s)


def counted(camera_id: str, found: pa.Table) -> str:
    """What a camera that cannot place people on the floor tells of them: how many were in the picture at a time."""
    sure = found.filter(pa.array(found["confidence"].to_numpy() >= COUNTED_CONFIDENCE))
    people = np.bincount(sure["frame"].to_numpy()) if len(sure) else np.zeros(1, dtype=np.int64)
    return f"people of {camera_id} are counted in the picture only: {int(people.max())} at a time at most"


class Describer(Protocol):
    """Says what people wear."""

    def describe(self, crops_bgr: Sequence[Bytes]) -> list[dict[str, dict[str, float]]]:
        """The evidence of each crop, uint8 (h, w, 3) BGR, as `raw.Evidence`."""
        ...


class Describe:
    """Says from its crops what the person of each tracklet wears."""

    def __init__(self, load_describer: Callable[[], Describer]) -> None:
        cv2.setNumThreads(1)
        self._describer = load_describer()

    def __call__(self, row: Row) -> Row:
        """The row with `evidence` filled in."""
        if row["error"]:
            return row
        table = raw.from_parquet(row["tracklets"], raw.TRACKLETS)
        pictures = dict(zip(row["crop_names"], row["crops"], strict=True))
        evidence = [self._evidence([pictures[name] for name in names]) for names in table["crops"].to_pylist()]
        at = raw.TRACKLETS.get_field_index("evidence")
        table = table.set_column(at, raw.TRACKLETS.field(at), pa.array(evidence, pa.string()))
        return {**row, "tracklets": raw.to_parquet(table)}

    def _evidence(self, jpegs: list[bytes]) -> str:
        crops = [decoded(jpeg) for jpeg in jpegs]
        return raw.write_evidence(describer.combine(self._describer.describe(crops)) if crops else {})


def to_ipc(table: pa.Table) -> bytes:
    """A table as Arrow IPC bytes."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def from_ipc(content: bytes) -> pa.Table:
    """A table from Arrow IPC bytes."""
    with pa.ipc.open_stream(content) as reader:
        return reader.read_all()


def decoded(jpeg: bytes) -> Bytes:
    """The pixels of a crop, uint8 (h, w, 3) BGR."""
    return np.asarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR), dtype=np.uint8)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _stacked(embeddings: pa.ChunkedArray) -> NDArray[np.float32] | None:
    """Vectors as rows, (n, d); None where there are none."""
    flat = embeddings.combine_chunks().flatten().to_numpy()
    return flat.astype(np.float32).reshape(len(embeddings), -1) if len(embeddings) else None


def _sightings(tracks: Tracks, embeddings: pa.ChunkedArray) -> pa.Table:
    left, top, right, bottom = tracks.boxes_px.T
    looks = embeddings.combine_chunks().take(pa.array(tracks.detection, mask=tracks.detection < 0))
    columns = [
        *(tracks.track, tracks.frame, tracks.taken_at_s, left, top, right - left, bottom - top, tracks.confidence),
        looks,
        *tracks.xy_m.T,
        *tracks.covariance_m2.T,
    ]
    return pa.table([pa.array(column) for column in columns], names=raw.SIGHTINGS.names).cast(raw.SIGHTINGS)


def _tracklets(tracks: Tracks, row: Row, crop_names: list[str]) -> pa.Table:
    """One row for each track, the evidence still empty."""
    rows: list[Row] = []
    for number in range(int(tracks.track.max(initial=-1)) + 1):
        times_s = tracks.taken_at_s[tracks.track == number]
        identity = tracklet_id(uuid.UUID(row["segment_id"]), row["extractor"], number)
        crops = [name for name in crop_names if name.startswith(raw.crop_name(number, 0)[: -len("0.jpg")])]
        values: list[Any] = [number, str(identity), times_s[0], times_s[-1], raw.write_evidence({}), crops]
        rows.append(dict(zip(raw.TRACKLETS.names, values, strict=True)))
    return pa.Table.from_pylist(rows, raw.TRACKLETS)


def _crops(found: pa.Table, tracks: Tracks) -> tuple[list[str], list[bytes]]:
    """Names and JPEGs of the best crops of every track."""
    names, jpegs = [], []
    for number, detections in choosing.best_crops(found, tracks).items():
        for order, detection in enumerate(detections):
            names.append(raw.crop_name(number, order))
            jpegs.append(found["crop"][int(detection)].as_py())
    return names, jpegs
