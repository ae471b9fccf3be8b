"""The raw result of one segment, as it lies in the object store: sightings and tracklets in Parquet, crops in JPEG.

Rows of both tables carry the tracklet's number in its segment; the global id is made of segment, extractor and number.
"""

import io
import json
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.parquet as pq

SIGHTINGS_FILE, TRACKLETS_FILE = "sightings.parquet", "tracklets.parquet"
SIGHTINGS = pa.schema(
    [
        ("tracklet", pa.int32()),
        ("frame", pa.int32()),
        ("taken_at_s", pa.float64()),
        ("left", pa.float32()),
        ("top", pa.float32()),
        ("width", pa.float32()),
        ("height", pa.float32()),
        ("confidence", pa.float32()),
        ("embedding", pa.list_(pa.float16())),
        ("x_m", pa.float64()),
        ("y_m", pa.float64()),
        ("var_xx", pa.float64()),
        ("var_xy", pa.float64()),
        ("var_yy", pa.float64()),
    ]
)
"""One row for each sample of each tracklet; box in px; `confidence` is nan and `embedding` (a unit vector) null where the sample
is interpolated; place in m, m2."""
TRACKLETS = pa.schema(
    [
        ("tracklet", pa.int32()),
        ("tracklet_id", pa.string()),
        ("first_seen_s", pa.float64()),
        ("last_seen_s", pa.float64()),
        ("evidence", pa.string()),
        ("crops", pa.list_(pa.string())),
    ]
)
"""One row for each tracklet; `evidence` is JSON, see `Evidence`; `crops` are names below the result's prefix."""
Evidence = Mapping[str, Mapping[str, float]]
"""{attribute: {value: probability}}, as the describer saw it over the tracklet's crops."""


def prefix(camera_id: str, day: str, segment_id: str, extractor: str, epoch: int) -> str:
    """Where one attempt at a segment puts its result; no two attempts share it."""
    return f"{folder(camera_id, day, segment_id)}{extractor}/e{epoch}/"


def folder(camera_id: str, day: str, segment_id: str) -> str:
    """Where all attempts at a segment lie; `day` is the UTC day on which it begins."""
    return f"raw/{camera_id}/{day}/{segment_id}/"


def crop_name(tracklet: int, number: int) -> str:
    """The name of a tracklet's crop below the result's prefix."""
    return f"crops/{tracklet}-{number}.jpg"


def to_parquet(table: pa.Table) -> bytes:
    """The table as a Parquet file; the same rows give the same bytes."""
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd", write_statistics=True)
    return sink.getvalue()


def from_parquet(content: bytes, schema: pa.Schema) -> pa.Table:
    """A Parquet file's table in the wanted columns."""
    return pq.read_table(io.BytesIO(content)).select(schema.names).cast(schema)


def write_evidence(evidence: Evidence) -> str:
    """Evidence as JSON with sorted keys and four decimals."""
    rounded = {key: {value: round(float(p), 4) for value, p in values.items()} for key, values in evidence.items()}
    return json.dumps(rounded, sort_keys=True)


def read_evidence(text: str) -> dict[str, dict[str, float]]:
    """Evidence from JSON."""
    evidence: dict[str, dict[str, float]] = json.loads(text)
    return evidence
