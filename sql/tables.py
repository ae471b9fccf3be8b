"""The tables as SQLAlchemy Core, for ad hoc questions in notebooks; the migrations are the truth, a test keeps these equal.

    from sqlalchemy import create_engine, select
    from sql.tables import person_track
    engine.connect().execute(select(person_track.c.person_id, person_track.c.length_m).where(...))

Bound every query in time (`taken_at`, `starts_at`, `day`, `hour`): the tables hold months.
"""

from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB, TSTZMULTIRANGE
from sqlalchemy.types import TypeEngine

metadata = MetaData()
_TIME = DateTime(timezone=True)


def _geometry(kind: str, dimension: int = 2) -> Geometry:
    return Geometry(kind, dimension=dimension, spatial_index=False)


def _key(name: str, kind: TypeEngine[Any] | type[TypeEngine[Any]]) -> Column[Any]:
    return Column(name, kind, primary_key=True, autoincrement=False)


def _must(name: str, kind: TypeEngine[Any] | type[TypeEngine[Any]]) -> Column[Any]:
    return Column(name, kind, nullable=False)


site = Table(
    "site",
    metadata,
    _key("site", Text),
    _must("time_zone", Text),
    _must("opening_hours", JSONB),
    Column("georeference", JSONB),
)
floor = Table(
    "floor",
    metadata,
    _key("floor", SmallInteger),
    _must("name", Text),
    _must("outline", _geometry("POLYGON")),
    Column("retired_at", _TIME),
)
section = Table(
    "section",
    metadata,
    _key("section_id", Text),
    _key("valid_from", _TIME),
    _must("valid_to", _TIME),
    _must("section_name", Text),
    _must("floor", SmallInteger),
    _must("polygon", _geometry("POLYGON")),
)
grid = Table(
    "grid", metadata, _key("grid_id", BigInteger), _must("floor", SmallInteger), _must("location", _geometry("POLYGON"))
)
section_grid = Table(
    "section_grid", metadata, _key("section_id", Text), _key("valid_from", _TIME), _key("grid_id", BigInteger)
)
camera = Table(
    "camera",
    metadata,
    _key("camera_id", Text),
    _must("floor", SmallInteger),
    _must("width_px", Integer),
    _must("height_px", Integer),
    _must("frame_rate_hz", Double),
    _must("keyframe_interval_s", Double),
    Column("retired_at", _TIME),
)
calibration = Table(
    "calibration",
    metadata,
    _key("camera_id", Text),
    _key("valid_from", _TIME),
    Column("homography", ARRAY(Double)),
    _must("points_px", JSONB),
    _must("points_m", JSONB),
    Column("lens_k1", Double),
)
segment = Table(
    "segment",
    metadata,
    _key("segment_id", Uuid),
    _must("camera_id", Text),
    _must("starts_at", _TIME),
    _must("ends_at", _TIME),
    _must("sha256", Text),
    _must("object_key", Text),
    _must("bytes", BigInteger),
    _must("width_px", Integer),
    _must("height_px", Integer),
    _must("frames", Integer),
    _must("keyframe_interval_s", Double),
    _must("recorded_at", _TIME),
)
extraction_ledger = Table(
    "extraction_ledger",
    metadata,
    _key("segment_id", Uuid),
    _key("extractor", Text),
    _must("epoch", Integer),
    _must("state", Text),
    _must("owner", Text),
    _must("lease_until", _TIME),
    Column("prefix", Text),
    Column("tracklets", Integer),
    Column("sightings", BigInteger),
    Column("reason", Text),
    _must("started_at", _TIME),
    Column("finished_at", _TIME),
    _must("attempts", Integer),
    _must("progress_s", Double),
    Column("pictures", Integer),
)
load_ledger = Table(
    "load_ledger",
    metadata,
    _key("site", Text),
    _key("hour", _TIME),
    _must("epoch", Integer),
    _must("state", Text),
    _must("owner", Text),
    _must("lease_until", _TIME),
    Column("people", Integer),
    _must("started_at", _TIME),
    Column("finished_at", _TIME),
    Column("association", Text),
    Column("attributes", Text),
)
coverage = Table(
    "coverage",
    metadata,
    _key("camera_id", Text),
    _key("starts_at", _TIME),
    _must("ends_at", _TIME),
    _must("extractor", Text),
    Column("reason", Text),
)
extraction_request = Table(
    "extraction_request",
    metadata,
    _key("request_id", Uuid),
    _must("fingerprint", Text),
    _must("segment_ids", ARRAY(Uuid)),
    _must("starts_at", _TIME),
    _must("ends_at", _TIME),
    _must("camera_s", Double),
    _must("state", Text),
    _must("priority", SmallInteger),
    _must("epoch", Integer),
    Column("owner", Text),
    Column("lease_until", _TIME),
    _must("attempts", Integer),
    _must("not_before", _TIME),
    Column("reason", Text),
    _must("created_at", _TIME),
    Column("started_at", _TIME),
    Column("finished_at", _TIME),
    Column("runner", Text),
    Column("submission_id", Text),
)
job = Table(
    "job",
    metadata,
    _key("job_id", Uuid),
    _must("request_id", Uuid),
    _must("question", Text),
    _must("inputs", JSONB),
    _must("who", Text),
    Column("callback", JSONB),
    _must("created_at", _TIME),
    Column("dismissed_at", _TIME),
)
notification = Table(
    "notification",
    metadata,
    _key("notification_id", BigInteger),
    _must("job_id", Uuid),
    _must("event", Text),
    _must("url", Text),
    _must("body", JSONB),
    _must("attempts", Integer),
    _must("next_at", _TIME),
    Column("delivered_at", _TIME),
    Column("gave_up_at", _TIME),
    Column("last_error", Text),
)
handler = Table(
    "handler",
    metadata,
    _key("owner", Text),
    _must("version", Text),
    _must("started_at", _TIME),
    _must("seen_at", _TIME),
)
person = Table(
    "person",
    metadata,
    _key("person_id", Uuid),
    _key("day", Date),
    _must("first_seen", _TIME),
    _must("last_seen", _TIME),
    _must("distance_m", Double),
)
person_attributes = Table(
    "person_attributes",
    metadata,
    _key("person_id", Uuid),
    _key("day", Date),
    _key("version", Text),
    _must("active", Boolean),
    _must("attributes", JSONB),
    _must("confidence", JSONB),
)
person_tracklet = Table(
    "person_tracklet",
    metadata,
    _key("hour", _TIME),
    _key("tracklet_id", Uuid),
    _must("person_id", Uuid),
    _must("day", Date),
    _must("camera_id", Text),
    _must("first_seen", _TIME),
    _must("last_seen", _TIME),
    _must("reason", Text),
)
person_location = Table(
    "person_location",
    metadata,
    _key("person_id", Uuid),
    _key("taken_at", _TIME),
    _must("floor", SmallInteger),
    _must("location", _geometry("POINT")),
    _must("grid_id", BigInteger),
)
person_grid = Table(
    "person_grid",
    metadata,
    Column("person_id", Uuid),
    Column("grid_id", BigInteger),
    Column("taken_at", _TIME),
    info={"view": True},
)
person_track = Table(
    "person_track",
    metadata,
    _key("person_id", Uuid),
    _key("floor", SmallInteger),
    _key("starts_at", _TIME),
    _must("ends_at", _TIME),
    _must("length_m", Double),
    _must("path", _geometry("LINESTRINGM", 3)),
    Column("unseen", TSTZMULTIRANGE),
)
section_visit = Table(
    "section_visit",
    metadata,
    _key("person_id", Uuid),
    _key("section_id", Text),
    _key("starts_at", _TIME),
    _must("ends_at", _TIME),
    Column("length_m", Double),
)
section_hour = Table(
    "section_hour",
    metadata,
    _key("day", Date),
    _key("hour", _TIME),
    _key("section_id", Text),
    _key("attribute", Text),
    _must("people", Integer),
    _must("present_ms", BigInteger),
    Column("present", ARRAY(Integer)),
)
section_day = Table(
    "section_day",
    metadata,
    _key("day", Date),
    _key("section_id", Text),
    _key("attribute", Text),
    _must("people", Integer),
    _must("visits", Integer),
    _must("present_ms", BigInteger),
    Column("lengths_m", ARRAY(Double)),
)
flow_hour = Table(
    "flow_hour",
    metadata,
    _key("day", Date),
    _key("hour", _TIME),
    _key("from_section", Text),
    _key("to_section", Text),
    _key("attribute", Text),
    _must("people", Integer),
    _must("moves", Integer),
)
stay_hour = Table(
    "stay_hour",
    metadata,
    _key("day", Date),
    _key("hour", _TIME),
    _key("section_id", Text),
    _key("attribute", Text),
    _must("people", Integer),
    _must("average_s", Double),
    _must("median_s", Double),
    _must("ninth_decile_s", Double),
)
floor_hour = Table(
    "floor_hour",
    metadata,
    _key("day", Date),
    _key("hour", _TIME),
    _key("from_floor", SmallInteger),
    _key("to_floor", SmallInteger),
    _key("attribute", Text),
    _must("people", Integer),
    _must("times", Integer),
)
grid_day = Table(
    "grid_day",
    metadata,
    _key("day", Date),
    _key("grid_id", BigInteger),
    _key("attribute", Text),
    _must("people", Integer),
    _must("samples", Integer),
)
visitor_day = Table("visitor_day", metadata, _key("day", Date), _key("attribute", Text), _must("people", Integer))
route_day = Table(
    "route_day",
    metadata,
    _key("day", Date),
    _key("attribute", Text),
    _must("routes", ARRAY(Text)),
    _must("people", ARRAY(Integer)),
    _must("times", ARRAY(Integer)),
)
described_day = Table(
    "described_day", metadata, _key("day", Date), _key("attribute", Text), _must("person_ids", ARRAY(Uuid))
)
visitor_hour = Table(
    "visitor_hour",
    metadata,
    _key("day", Date),
    _key("hour", _TIME),
    _key("attribute", Text),
    _must("people", Integer),
)
legal_hold = Table(
    "legal_hold",
    metadata,
    _key("first_day", Date),
    _key("last_day", Date),
    _must("reason", Text),
    _must("noted_at", _TIME),
)
retention = Table("retention", metadata, _key("only_row", Boolean), _must("moved_before", Date))
daily_job = Table("daily_job", metadata, _key("job", Text), _must("done_on", Date))
person_location_aside = Table(
    "person_location_aside",
    metadata,
    _must("person_id", Uuid),
    _must("taken_at", _TIME),
    _must("floor", SmallInteger),
    _must("location", _geometry("POINT")),
    _must("grid_id", BigInteger),
)
person_track_aside = Table(
    "person_track_aside",
    metadata,
    _must("person_id", Uuid),
    _must("floor", SmallInteger),
    _must("starts_at", _TIME),
    _must("ends_at", _TIME),
    _must("length_m", Double),
    _must("path", _geometry("LINESTRINGM", 3)),
    Column("unseen", TSTZMULTIRANGE),
)
section_visit_aside = Table(
    "section_visit_aside",
    metadata,
    _must("person_id", Uuid),
    _must("section_id", Text),
    _must("starts_at", _TIME),
    _must("ends_at", _TIME),
    Column("length_m", Double),
)
audit = Table(
    "audit",
    metadata,
    _key("audit_id", BigInteger),
    _must("asked_at", _TIME),
    _must("who", Text),
    _must("action", Text),
    Column("question", Text),
    _must("inputs", JSONB),
    _must("outcome", Text),
    _must("request_id", Text),
)
api_key = Table(
    "api_key",
    metadata,
    _key("sha256", Text),
    _must("name", Text),
    _must("permissions", ARRAY(Text)),
    _must("created_at", _TIME),
)
