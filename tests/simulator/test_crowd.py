"""Days of a crowd, straight into the store."""

from datetime import date, timedelta

import numpy as np
import pytest

from models.world.errors import BadInput
from pipelines.simulator.crowd import filling
from pipelines.simulator.crowd.building import DEPTH_M, LENGTH_M, boxes, site
from pipelines.simulator.crowd.walking import walk_day
from sql import sites
from sql.store import Store
from tests.sql import mall, rollups

CLOCKS_CHANGE = date(2026, 10, 25)


@pytest.fixture
def crowded(admin: Store, ingest: Store) -> Store:
    filling.generate(admin, ingest, CLOCKS_CHANGE - timedelta(days=1), 2, 60, seed=3)
    return ingest


def test_the_same_seed_gives_the_same_day_and_another_another() -> None:
    one, again, other = (walk_day(CLOCKS_CHANGE, 20, seed) for seed in (1, 1, 2))
    assert one.times_s.tolist() == again.times_s.tolist()
    assert one.person_ids.tolist() == again.person_ids.tolist()
    assert other.person_ids.tolist() != one.person_ids.tolist()


def test_people_walk_within_the_mall_at_a_walking_pace() -> None:
    day = walk_day(CLOCKS_CHANGE, 200, 0)
    assert (day.xy_m >= 0).all()
    assert (day.xy_m <= [LENGTH_M, DEPTH_M]).all()
    step = np.flatnonzero(np.diff(day.stays) == 0)
    took_s = np.diff(day.times_s)[step]
    assert (took_s > 0).all()
    assert (np.linalg.norm(np.diff(day.xy_m, axis=0)[step], axis=1) / took_s).max() < 2.2
    minutes = np.array([np.ptp(day.times_s[day.persons == one]) for one in range(200)]) / 60
    assert 50 < minutes.mean() < 100


def test_a_piece_of_a_way_is_within_a_full_hour_and_pieces_meet() -> None:
    day = walk_day(CLOCKS_CHANGE, 50, 0)
    ways, _ = filling.cut_at_hours(day)
    assert (np.floor(ways.starts_s / 3600) * 3600 + 3600 >= ways.ends_s).all()
    steps = np.linalg.norm(np.diff(day.xy_m, axis=0), axis=1)[np.diff(day.stays) == 0]
    assert ways.lengths_m.sum() == pytest.approx(steps.sum())


def test_what_numpy_counted_is_what_the_store_counts(crowded: Store, admin: Store) -> None:
    with admin.connection() as connection:
        before = rollups.kept(connection)
        for (day,) in connection.execute("select distinct day from person").fetchall():
            connection.execute("select refresh_rollups(%s)", [day])
        assert rollups.kept(connection) == before
        assert {name: len(rows) > 30 for name, rows in before.items()} == dict.fromkeys(before, True)


def test_visits_in_the_store_are_those_that_its_paths_say(crowded: Store, admin: Store) -> None:
    with admin.connection() as connection:
        before = connection.execute("select * from section_visit order by 1, 3, 2").fetchall()
        connection.execute("select rebuild_rollups()")
        after = connection.execute("select * from section_visit order by 1, 3, 2").fetchall()
    assert len(before) == len(after)
    near = timedelta(microseconds=2)
    for one, other in zip(before, after, strict=True):
        assert one[:2] == other[:2]
        assert abs(one[2] - other[2]) <= near
        assert abs(one[3] - other[3]) <= near


def test_a_day_is_loaded_with_people_coverage_and_tracklets(crowded: Store) -> None:
    with crowded.connection() as connection:
        counts = [
            connection.execute(query).fetchone()
            for query in (
                b"select count(*), count(distinct day) from person",
                b"select count(distinct person_id) from person_tracklet",
                b"select count(*), count(distinct camera_id) from coverage",
                b"select count(*) from load_ledger where state = 'done'",
            )
        ]
    assert counts == [(120, 2), (120,), (2 * 24 * 40, 40), (48,)]


def test_a_store_of_another_mall_is_refused(admin: Store, ingest: Store) -> None:
    with admin.connection() as connection:
        sites.save(connection, mall.SITE)
    with pytest.raises(BadInput, match="another MALL_HOME"):
        filling.generate(admin, ingest, CLOCKS_CHANGE, 1, 5, seed=0)


def test_sections_are_the_boxes() -> None:
    assert {section.id: section.floor for section in site().sections} == {k: floor for k, (floor, _) in boxes().items()}
