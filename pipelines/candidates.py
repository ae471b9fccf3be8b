"""Detections of a segment as they are made, with candidate crops in bounded memory."""

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from models.vision.detector import Detections
from models.vision.pictures import Bytes
from models.vision.reidentifier import Reidentifier
from models.vision.tracker import DetectionTable
from pipelines.decode import Frame

COLUMNS = pa.schema(
    [
        ("frame", pa.int32()),
        ("taken_at_s", pa.float64()),
        ("left", pa.float32()),
        ("top", pa.float32()),
        ("right", pa.float32()),
        ("bottom", pa.float32()),
        ("confidence", pa.float32()),
        ("embedding", pa.list_(pa.float16())),
        ("sharpness", pa.float32()),
        ("crop", pa.large_binary()),
    ]
)
"""Box in px; `embedding` is what the person looks like, for telling people apart; `sharpness` is the crop's variance of the Laplacian; `crop` is a JPEG, null where none was kept."""
MAX_BYTES = 64 << 20
"""Crops of one segment kept at a time; about ten minutes of a busy camera before any is dropped."""
EMBEDDED_AT_ONCE = 64
"""Crops whose looks are measured together."""
MIN_CONFIDENCE = 0.3
MIN_HEIGHT_PX = 24
JPEG_QUALITY = 90


class Candidates:
    """The detections of one segment so far, its frames in any order, what `reidentifier` makes of them, and crops of those that may be worth describing.

    When the crops outgrow `max_bytes`, those of every second sample are dropped and no longer taken: the rest stays
    spread over the time.
    """

    def __init__(self, reidentifier: Reidentifier, max_bytes: int = MAX_BYTES) -> None:
        self._reidentifier = reidentifier
        self._unembedded: list[Bytes] = []
        self._embeddings: list[NDArray[np.float16]] = []
        self._rows: list[dict[str, Any]] = []
        self._sample_of: list[int] = []
        self._samples, self._stride, self._bytes, self._max_bytes = 0, 1, 0, max_bytes

    def add(self, frame: Frame, people: Detections, crops: Sequence[Bytes]) -> None:
        """The people of one more frame, with the crop of each."""
        for box, confidence, crop in zip(people.boxes_px, people.confidence, crops, strict=True):
            picture, sharpness = self._picture(crop, box, float(confidence))
            sides = dict(zip(("left", "top", "right", "bottom"), (float(side) for side in box), strict=True))
            when = {"frame": frame.number, "taken_at_s": frame.taken_at_s}
            seen = {"confidence": float(confidence), "sharpness": sharpness, "crop": picture}
            self._rows.append({**when, **sides, **seen})
            self._sample_of.append(self._samples)
            self._bytes += len(picture or b"")
        self._samples += 1
        self._unembedded += crops
        if len(self._unembedded) >= EMBEDDED_AT_ONCE:
            self._embed()
        while self._bytes > self._max_bytes:
            self._thin()

    def table(self) -> pa.Table:
        """All detections in order of time."""
        self._embed()
        rows = [{**row, "embedding": looks} for row, looks in zip(self._rows, self._embeddings, strict=True)]
        return pa.Table.from_pylist(sorted(rows, key=itemgetter("frame")), COLUMNS)

    def seen(self) -> DetectionTable:
        """All detections as the tracker takes them."""
        self._embed()
        columns = ("taken_at_s", "frame", "left", "top", "right", "bottom", "confidence")
        values = np.array([[row[name] for name in columns] for row in self._rows]).reshape(-1, len(columns))
        looks = np.array(self._embeddings, dtype=np.float32) if self._rows else None
        return DetectionTable(
            values[:, 0],
            values[:, 1].astype(np.int32),
            values[:, 2:6].astype(np.float32),
            values[:, 6].astype(np.float32),
            looks,
        )

    def _embed(self) -> None:
        self._embeddings.extend(self._reidentifier.embed(self._unembedded).astype(np.float16))
        self._unembedded.clear()

    def _picture(self, crop: Bytes, box: np.ndarray[Any, Any], confidence: float) -> tuple[bytes | None, float]:
        wanted = self._samples % self._stride == 0 and confidence >= MIN_CONFIDENCE and box[3] - box[1] >= MIN_HEIGHT_PX
        return (_jpeg(crop), _sharpness(crop)) if wanted and crop.size else (None, 0.0)

    def _thin(self) -> None:
        self._stride *= 2
        for row, sample in zip(self._rows, self._sample_of, strict=True):
            if row["crop"] is not None and sample % self._stride:
                self._bytes -= len(row["crop"])
                row["crop"] = None
        if self._stride > 2 * self._samples:
            self._max_bytes = max(self._max_bytes, self._bytes)  # one frame's crops alone outgrow it


def _jpeg(picture: Bytes) -> bytes:
    return bytes(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1])


def _sharpness(picture: Bytes) -> float:
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    return float(cv2.meanStdDev(cv2.Laplacian(grey, cv2.CV_16S))[1][0, 0]) ** 2
