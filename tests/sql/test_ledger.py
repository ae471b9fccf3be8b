import uuid
from datetime import timedelta

import pytest

from models.world.errors import LeaseLost
from models.world.periods import Window
from sql import coverage, ledger, sites, videos
from sql.ledger import Claim
from sql.store import Store
from tests.sql import mall
from tests.sql.mall import SITE, TEN

EXTRACTOR = "mall-people-1"
HOUR = Window(TEN, TEN + timedelta(hours=1))


def claim(store: Store, segments: list[uuid.UUID], owner: str = "worker", lease_s: float = 60) -> list[Claim]:
    with store.connection() as connection:
        return ledger.claim_extractions(connection, segments, EXTRACTOR, owner, lease_s)


def finish(store: Store, held: Claim) -> None:
    with store.connection() as connection:
        ledger.finish_extraction(connection, held, f"raw/{held.segment_id}/e{held.epoch}/", 3, 120)


def prefixes(store: Store) -> list[str]:
    with store.connection() as connection:
        return [winner.prefix for winner in ledger.winners(connection, HOUR)]


def test_a_segment_is_claimed_by_one_worker_at_a_time(ingest: Store, segments: list[uuid.UUID]) -> None:
    first = claim(ingest, segments[:2], "one")
    second = claim(ingest, segments, "two")
    assert {held.segment_id for held in first} == set(segments[:2])
    assert [held.segment_id for held in second] == segments[2:]


def test_a_finished_segment_is_not_claimed_again(ingest: Store, segments: list[uuid.UUID]) -> None:
    (held,) = claim(ingest, segments[:1])
    finish(ingest, held)
    assert claim(ingest, segments[:1]) == []


def test_another_extractor_version_is_work_of_its_own(ingest: Store, segments: list[uuid.UUID]) -> None:
    (old,) = claim(ingest, segments[:1])
    finish(ingest, old)
    with ingest.connection() as connection:
        (new,) = ledger.claim_extractions(connection, segments[:1], "mall-people-2", "worker", 60)
        ledger.finish_extraction(connection, new, "raw/new/e1/", 1, 1)
    with ingest.connection() as connection:
        assert [winner.extractor for winner in ledger.winners(connection, HOUR)] == ["mall-people-2"]
        assert [winner.extractor for winner in ledger.winners(connection, HOUR, EXTRACTOR)] == [EXTRACTOR]


def test_how_often_was_looked_is_told_by_camera_and_hour_and_not_where_it_was_not_noted(
    admin: Store, ingest: Store, read: Store
) -> None:
    long, silent = mall.segment("cam1", TEN - timedelta(minutes=10), 40), mall.segment("cam2", TEN, 10)
    with admin.connection() as connection:
        sites.save(connection, SITE)
    with ingest.connection() as connection:
        for file in (long, silent):
            videos.add(connection, file)
    one, other = claim(ingest, [long.segment_id, silent.segment_id])
    with ingest.connection() as connection:
        ledger.finish_extraction(connection, one, "raw/1/", 3, 120, 1200)
        ledger.finish_extraction(connection, other, "raw/2/", 3, 120)
    with read.connection() as connection:
        window = Window(TEN - timedelta(hours=1), TEN + timedelta(minutes=20))
        whole, part = coverage.looked(connection, window)
        assert coverage.rates(connection, window) == {"cam1": 0.5}
    assert (whole.camera_id, whole.hour, whole.pictures, whole.seconds) == ("cam1", TEN - timedelta(hours=1), 300, 600)
    assert (part.hour, part.pictures, part.seconds) == (TEN, 600, 1200)


def test_finishing_twice_is_finishing_once(ingest: Store, segments: list[uuid.UUID]) -> None:
    (held,) = claim(ingest, segments[:1])
    finish(ingest, held)
    finish(ingest, held)
    assert prefixes(ingest) == [f"raw/{segments[0]}/e1/"]


def test_the_result_of_a_zombie_is_never_named(ingest: Store, segments: list[uuid.UUID]) -> None:
    (zombie,) = claim(ingest, segments[:1], "zombie", lease_s=-1)
    (successor,) = claim(ingest, segments[:1], "successor")
    assert successor.epoch == zombie.epoch + 1
    with pytest.raises(LeaseLost, match="epoch 1"):
        finish(ingest, zombie)
    with ingest.connection() as connection:
        ledger.fail_extraction(connection, zombie, "a zombie's opinion")
    finish(ingest, successor)
    with pytest.raises(LeaseLost):
        finish(ingest, zombie)
    assert prefixes(ingest) == [f"raw/{segments[0]}/e2/"]


def test_a_named_result_is_never_changed(ingest: Store, segments: list[uuid.UUID]) -> None:
    (held,) = claim(ingest, segments[:1])
    finish(ingest, held)
    with pytest.raises(LeaseLost), ingest.connection() as connection:
        ledger.finish_extraction(connection, held, "raw/another/", 3, 120)


def test_who_was_late_but_not_replaced_may_finish(ingest: Store, segments: list[uuid.UUID]) -> None:
    (held,) = claim(ingest, segments[:1], lease_s=-1)
    finish(ingest, held)
    assert len(prefixes(ingest)) == 1


def test_renewing_keeps_ours_and_tells_what_was_lost(ingest: Store, segments: list[uuid.UUID]) -> None:
    held = claim(ingest, segments, "slow", lease_s=-1)
    (taken,) = claim(ingest, segments[:1], "quick")
    with ingest.connection() as connection:
        kept = ledger.renew(connection, held, 60)
    assert {claim.segment_id for claim in kept} == set(segments[1:])
    assert claim(ingest, segments) == []
    assert taken.epoch == 2


def test_a_failed_segment_tells_why_and_may_be_tried_again(ingest: Store, segments: list[uuid.UUID]) -> None:
    (held,) = claim(ingest, segments[:1])
    with ingest.connection() as connection:
        ledger.fail_extraction(connection, held, "the file ends in the middle of a frame")
    with ingest.connection() as connection:
        assert ledger.failures(connection, HOUR, EXTRACTOR) == {segments[0]: "the file ends in the middle of a frame"}
    (again,) = claim(ingest, segments[:1])
    assert again.epoch == 2
    with ingest.connection() as connection:
        assert ledger.failures(connection, HOUR, EXTRACTOR) == {}


def test_an_hour_is_loaded_by_one_worker_at_a_time(ingest: Store, segments: list[uuid.UUID]) -> None:
    with ingest.connection() as connection:
        first = ledger.claim_load(connection, SITE.name, TEN, "one", 60)
    with ingest.connection() as connection:
        second = ledger.claim_load(connection, SITE.name, TEN, "two", 60)
    assert first is not None
    assert second is None
    with ingest.connection() as connection:
        connection.execute("update load_ledger set lease_until = now() - interval '1 second'")
        third = ledger.claim_load(connection, SITE.name, TEN, "two", 60)
    assert third is not None
    assert third.epoch == 2


def test_two_workers_at_the_same_moment_share_the_segments(ingest: Store, segments: list[uuid.UUID]) -> None:
    with ingest.connection() as one:
        first = ledger.claim_extractions(one, segments[:1], EXTRACTOR, "one", 60)
        with ingest.connection() as two:
            second = ledger.claim_extractions(two, segments[1:], EXTRACTOR, "two", 60)
    assert sorted(held.segment_id for held in first + second) == sorted(segments)


def deaths(store: Store, held: Claim) -> int:
    with store.connection() as connection:
        return ledger.note_death(connection, held)


def given_up(store: Store, extractor: str | None = None) -> dict[uuid.UUID, str]:
    with store.connection() as connection:
        return {one.segment.segment_id: one.reason for one in ledger.quarantined(connection, HOUR, extractor)}


def quarantine(store: Store, held: Claim, reason: str = ledger.CORRUPT) -> None:
    with store.connection() as connection:
        ledger.quarantine(connection, held, reason)


def test_deaths_are_counted_over_claims_and_give_the_segment_back(ingest: Store, segments: list[uuid.UUID]) -> None:
    counted = []
    for _ in range(3):
        (held,) = claim(ingest, segments[:1])
        counted.append(deaths(ingest, held))
    assert counted == [1, 2, 3]
    quarantine(ingest, held, ledger.KILLS_ITS_WORKER)
    assert given_up(ingest) == {segments[0]: "kills-its-worker"}


def test_a_death_counts_once_and_not_for_a_successor(ingest: Store, segments: list[uuid.UUID]) -> None:
    (zombie,) = claim(ingest, segments[:1], lease_s=-1)
    (successor,) = claim(ingest, segments[:1])
    assert deaths(ingest, zombie) == 0
    assert deaths(ingest, successor) == 1
    assert deaths(ingest, successor) == 0


def test_a_finished_segment_is_not_blamed_for_a_death(ingest: Store, segments: list[uuid.UUID]) -> None:
    (held,) = claim(ingest, segments[:1])
    finish(ingest, held)
    assert deaths(ingest, held) == 0
    quarantine(ingest, held)
    assert given_up(ingest) == {}
    assert len(prefixes(ingest)) == 1


def test_a_quarantined_segment_is_taken_only_on_demand_and_starts_afresh(
    ingest: Store, segments: list[uuid.UUID]
) -> None:
    (held,) = claim(ingest, segments[:1])
    assert deaths(ingest, held) == 1
    (held,) = claim(ingest, segments[:1])
    quarantine(ingest, held)
    assert claim(ingest, segments[:1], lease_s=-1) == []
    with ingest.connection() as connection:
        (again,) = ledger.claim_extractions(connection, segments[:1], EXTRACTOR, "worker", 60, again=True)
    assert given_up(ingest) == {}
    assert deaths(ingest, again) == 1


def test_again_takes_nothing_that_is_done_or_held(ingest: Store, segments: list[uuid.UUID]) -> None:
    done, _ = claim(ingest, segments[:2])
    finish(ingest, done)
    with ingest.connection() as connection:
        assert ledger.claim_extractions(connection, segments[:2], EXTRACTOR, "worker", 60, again=True) == []


def test_a_zombie_does_not_quarantine(ingest: Store, segments: list[uuid.UUID]) -> None:
    (zombie,) = claim(ingest, segments[:1], lease_s=-1)
    (successor,) = claim(ingest, segments[:1])
    quarantine(ingest, zombie)
    assert given_up(ingest) == {}
    finish(ingest, successor)


def test_a_segment_with_a_result_of_another_version_is_no_loss(ingest: Store, segments: list[uuid.UUID]) -> None:
    (old,) = claim(ingest, segments[:1])
    finish(ingest, old)
    with ingest.connection() as connection:
        (new,) = ledger.claim_extractions(connection, segments[:1], "mall-people-2", "worker", 60)
        ledger.quarantine(connection, new, ledger.CORRUPT)
    assert given_up(ingest) == {}
    assert given_up(ingest, "mall-people-2") == {segments[0]: "corrupt"}
    assert given_up(ingest, EXTRACTOR) == {}


def test_a_quarantined_segment_is_among_the_failures(ingest: Store, segments: list[uuid.UUID]) -> None:
    (held,) = claim(ingest, segments[:1])
    quarantine(ingest, held)
    with ingest.connection() as connection:
        assert ledger.failures(connection, HOUR, EXTRACTOR) == {segments[0]: "corrupt"}


def progress_s(store: Store) -> list[float]:
    with store.connection() as connection:
        return [row[0] for row in connection.execute("select progress_s from extraction_ledger")]


def test_progress_is_noted_by_the_claimant_alone_and_begins_anew(ingest: Store, segments: list[uuid.UUID]) -> None:
    (zombie,) = claim(ingest, segments[:1], lease_s=-1)
    with ingest.connection() as connection:
        ledger.progress(connection, zombie, 12.5)
    assert progress_s(ingest) == [12.5]
    claim(ingest, segments[:1])
    assert progress_s(ingest) == [0.0]
    with ingest.connection() as connection:
        ledger.progress(connection, zombie, 20.0)
    assert progress_s(ingest) == [0.0]


def test_running_seconds_are_those_of_claims_that_still_hold(ingest: Store, segments: list[uuid.UUID]) -> None:
    stale, running, done = (*claim(ingest, segments[:1], lease_s=0), *claim(ingest, segments[1:3]))
    with ingest.connection() as connection:
        for held in (stale, running, done):
            ledger.progress(connection, held, 60.0)
    claim(ingest, segments[:1], "another")
    finish(ingest, done)
    with ingest.connection() as connection:
        assert ledger.running_s(connection, [stale, running, done]) == 60.0
        assert ledger.running_s(connection, []) == 0.0


def test_reasons_of_failures_leave_out_what_was_given_up(ingest: Store, segments: list[uuid.UUID]) -> None:
    failed, spoilt = claim(ingest, segments[:2])
    with ingest.connection() as connection:
        ledger.fail_extraction(connection, failed, "out of luck")
        ledger.quarantine(connection, spoilt, ledger.CORRUPT)
        assert ledger.failed_reasons(connection, segments) == {failed.segment_id: "out of luck"}
