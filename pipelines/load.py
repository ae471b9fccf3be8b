"""Loading: an hour's winning results become persons, and the persons the hour's rows in the store."""

import logging
import uuid
from collections.abc import Iterable, Sequence, Set
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from models.vision.describer import decide
from models.world import attributes
from models.world.errors import LeaseLost
from models.world.paths import Path, cut_at_hours
from models.world.periods import HOUR, Window, clip, local_day, site_hours, subtract
from models.world.places import Segment, Site
from pipelines import raw
from pipelines.associate import VERSION as ASSOCIATION
from pipelines.associate import Associated, Known, associate
from pipelines.association.returning import LONGEST_AWAY_S
from pipelines.association.tracklets import Tracklet
from pipelines.flow import Resources
from pipelines.objects import Objects
from sql import coverage, ledger, people
from sql.coverage import CameraCoverage, Covered
from sql.ledger import LoadClaim, Quarantined, Winner
from sql.people import HourOfPeople, Person, PersonTracklet
from sql.store import Store

log = logging.getLogger(__name__)
BEFORE, AFTER = timedelta(minutes=2), timedelta(seconds=10)
"""What is associated together with an hour, so that people cross its borders; all of it counts in the hour it lies in."""


def load_hour(hour: datetime, site: Site, resources: Resources, store: Store, owner: str) -> int | None:
    """Associate and load one full UTC hour; the number of persons in it, or None if somebody else loads it: already, or
    anew because this took longer than the lease.
    """
    with store.connection() as connection:
        claim = ledger.claim_load(connection, site.name, hour, owner, resources.lease_s)
    if claim is None:
        return None
    winners, quarantined = _ended(claim.window, store)
    around = Window(claim.window.start - BEFORE, claim.window.end + AFTER)
    tracklets = [
        one for winner in winners for one in read_tracklets(winner, resources.objects) if _touches(one, around)
    ]
    memory = _memory(around, site, store)
    remembered = _remembered(around, memory, {one.tracklet_id for one in tracklets}, resources.objects, store)
    persons = associate(tracklets, site, memory, remembered=remembered)
    hour_of_people = in_hour(persons, claim)
    parts = [*_covered(winners, claim.window), *_gaps(quarantined, claim.window)]
    try:
        with store.connection() as connection:
            people.replace_hour(connection, claim, hour_of_people, parts)
    except LeaseLost as error:
        log.warning("a load is dropped: %s", error)
        return None
    return len(hour_of_people.persons)


def is_stale(hour: datetime, store: Store) -> bool:
    """Whether a full UTC hour has a result, or a quarantined segment, that its coverage does not name."""
    window = Window(hour, hour + HOUR)
    with store.connection() as connection:
        winners, quarantined = ledger.winners(connection, window), ledger.quarantined(connection, window)
        named = {one.camera_id: one for one in coverage.read(connection, window)}
    unknown = CameraCoverage("")
    return any(_lacks(named.get(winner.segment.camera_id, unknown), winner, window) for winner in winners) or any(
        _lacks_gap(named.get(one.segment.camera_id, unknown), one, window) for one in quarantined
    )


def in_hour(persons: Sequence[Associated], claim: LoadClaim) -> HourOfPeople:
    """The persons who have a path in the hour, with that part of it and the tracklets that reach into it."""
    found, paths = [], {}
    for person in persons:
        own = [piece for path in person.paths for piece in _paths_within(path, claim.window)]
        if own:
            paths[person.person_id] = own
            found.append(_person(person, claim.window))
    return HourOfPeople(found, paths, attributes.version(), ASSOCIATION)


def read_tracklets(winner: Winner, objects: Objects, wanted: Set[uuid.UUID] | None = None) -> list[Tracklet]:
    """The tracklets of one result, or those of them that are `wanted`."""
    table = raw.from_parquet(objects.get_bytes(winner.prefix + raw.TRACKLETS_FILE), raw.TRACKLETS)
    chosen = [one for one in table.to_pylist() if wanted is None or uuid.UUID(str(one["tracklet_id"])) in wanted]
    if not chosen:
        return []
    rows = raw.from_parquet(objects.get_bytes(winner.prefix + raw.SIGHTINGS_FILE), raw.SIGHTINGS)
    number = rows["tracklet"].to_numpy()
    return [_tracklet(one, rows.filter(pa.array(number == one["tracklet"])), winner) for one in chosen]


def _tracklet(one: dict[str, object], rows: pa.Table, winner: Winner) -> Tracklet:
    left, top, width, height = (rows[name].to_numpy() for name in ("left", "top", "width", "height"))
    return Tracklet(
        tracklet_id=uuid.UUID(str(one["tracklet_id"])),
        segment_id=winner.segment.segment_id,
        camera_id=winner.segment.camera_id,
        taken_at_s=rows["taken_at_s"].to_numpy(),
        boxes_px=np.column_stack([left, top, left + width, top + height]).astype(np.float32),
        confidence=rows["confidence"].to_numpy(),
        xy_m=np.column_stack([rows["x_m"].to_numpy(), rows["y_m"].to_numpy()]),
        looks=_looks(rows["embedding"]),
        evidence=raw.read_evidence(str(one["evidence"])),
        recorded_s=(winner.segment.window.start_s, winner.segment.window.end_s),
    )


def _looks(embeddings: pa.ChunkedArray) -> NDArray[np.float32]:
    """Vectors as rows, (n, d), nan where null; (n, 0) if all are."""
    vectors = embeddings.combine_chunks()
    known, flat = vectors.is_valid().to_numpy(zero_copy_only=False), vectors.drop_null().flatten().to_numpy()
    rows = np.full((len(vectors), len(flat) // max(1, int(known.sum()))), np.nan, dtype=np.float32)
    rows[known] = flat.reshape(int(known.sum()), rows.shape[1])
    return rows


def _ended(hour: Window, store: Store) -> tuple[list[Winner], list[Quarantined]]:
    """The results around the hour, and what was given up; no segment is in both."""
    around = Window(hour.start - BEFORE, hour.end + AFTER)
    with store.connection() as connection:
        return ledger.winners(connection, around), ledger.quarantined(connection, around)


def _memory(around: Window, site: Site, store: Store) -> list[Known]:
    days = sorted({local_day(around.start, site.time_zone), local_day(around.end, site.time_zone)})
    with store.connection() as connection:
        return [
            Known(one.person_id, day, frozenset(one.tracklet_ids), one.first_seen_s)
            for day in days
            for one in people.memory(connection, site.name, day)
        ]


def _remembered(
    around: Window, memory: Sequence[Known], here: set[uuid.UUID], objects: Objects, store: Store
) -> list[Tracklet]:
    """The tracklets of known people from as long before and after as somebody may be out of view and come back."""
    wanted = {name for one in memory for name in one.tracklet_ids} - here
    if not wanted:
        return []
    away = timedelta(seconds=LONGEST_AWAY_S)
    with store.connection() as connection:
        winners = ledger.winners(connection, Window(around.start - away, around.end + away))
    return [one for winner in winners for one in read_tracklets(winner, objects, wanted)]


def _touches(tracklet: Tracklet, window: Window) -> bool:
    return tracklet.last_seen_s >= window.start_s and tracklet.first_seen_s < window.end_s


def _paths_within(path: Path, hour: Window) -> list[Path]:
    """The hour's pieces of a path; a single point on the hour's end belongs to the next hour."""
    return [
        piece
        for piece in cut_at_hours(path)
        if hour.start_s <= piece.times_s[0] < hour.end_s and piece.times_s[-1] <= hour.end_s
    ]


def _person(person: Associated, hour: Window) -> Person:
    own = [member for member in person.members if _touches(member.tracklet, hour)]
    return Person(
        person_id=person.person_id,
        day=person.day,
        attributes=decide([member.tracklet.evidence for member in person.members]),
        tracklets=[
            PersonTracklet(
                member.tracklet.tracklet_id,
                member.tracklet.camera_id,
                member.tracklet.first_seen_s,
                member.tracklet.last_seen_s,
                str(member),
            )
            for member in own
        ],
    )


def _lacks(camera: CameraCoverage, winner: Winner, hour: Window) -> bool:
    return winner.extractor not in camera.extractors or bool(_left(winner.segment, hour, camera.covered))


def _lacks_gap(camera: CameraCoverage, quarantined: Quarantined, hour: Window) -> bool:
    gaps = [gap.window for gap in camera.gaps if gap.reason == quarantined.reason]
    return bool(_left(quarantined.segment, hour, gaps))


def _left(segment: Segment, hour: Window, taken: Iterable[Window]) -> list[Window]:
    return subtract(clip([segment.window], hour), taken)


def _covered(winners: Iterable[Winner], hour: Window) -> list[Covered]:
    parts = ((winner, winner.segment.window.overlap(hour)) for winner in winners)
    return [Covered(winner.segment.camera_id, part, winner.extractor) for winner, part in parts if part is not None]


def _gaps(quarantined: Iterable[Quarantined], hour: Window) -> list[Covered]:
    parts = ((one, one.segment.window.overlap(hour)) for one in quarantined)
    return [Covered(one.segment.camera_id, part, one.extractor, one.reason) for one, part in parts if part is not None]


def hours_of(windows: Iterable[Window]) -> list[datetime]:
    """The full UTC hours that the windows touch, in order."""
    return sorted({hour.start for window in windows for hour in site_hours(window)})
