import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from psycopg import errors

from models.world.errors import NotRecorded
from sql import handlers, ledger, requests
from sql.requests import Progress, RequestClaim
from sql.store import Store
from tests.conftest import Database
from tests.sql.wishes import (
    CALLBACK,
    at_once,
    claimed,
    dismissed,
    minutes,
    now,
    progress_of,
    quote_of,
    until_blocked,
    waiting,
    wanted,
)

EXTRACTOR = "mall-people-1"
ONE, TWO, THREE = (uuid.uuid5(uuid.NAMESPACE_OID, name) for name in ("one", "two", "three"))


def test_a_quote_names_whole_segments_that_overlap_the_missing_times(read: Store, segments: list[uuid.UUID]) -> None:
    with read.connection() as connection:
        quote = requests.quote(connection, {"cam1": [minutes(25, 31), minutes(40, 41)], "cam2": [minutes(30, 60)]})
    assert set(quote.segment_ids) == set(segments[:2])
    assert quote.window == minutes(0, 60)
    assert quote.camera_s == 3600.0


def test_a_quote_for_deleted_video_is_refused(read: Store, segments: list[uuid.UUID]) -> None:
    with pytest.raises(NotRecorded, match="deleted"), read.connection() as connection:
        requests.quote(connection, {"cam2": [minutes(30, 60)]})


def test_a_fingerprint_does_not_depend_on_the_order() -> None:
    assert quote_of(ONE, TWO).fingerprint == quote_of(TWO, ONE).fingerprint != quote_of(ONE).fingerprint


def test_fifty_equal_wishes_at_once_are_one_request(database: Database) -> None:
    with Store(database.read_dsn, role="read", size=12) as read:
        found = at_once(50, lambda number: waiting(read, quote_of(ONE, TWO), f"client {number}"))
        with read.connection() as connection:
            (rows,) = connection.execute("select count(*) from extraction_request").fetchall()
    assert rows == (1,)
    assert len({job.request.request_id for job in found}) == 1
    assert len({job.job_id for job in found}) == 50


def test_other_segments_are_another_request(read: Store) -> None:
    assert wanted(read, quote_of(ONE)).request_id != wanted(read, quote_of(ONE, TWO)).request_id


def test_a_request_tells_what_was_wanted(read: Store) -> None:
    request = wanted(read, quote_of(ONE, TWO), priority=-10)
    assert now(read, request) == request
    assert (set(request.segment_ids), request.window, request.camera_s) == ({ONE, TWO}, minutes(0, 30), 3600.0)
    assert (request.state, request.priority, request.epoch, request.attempts) == ("accepted", -10, 0, 0)
    assert request.started_at is request.finished_at is request.reason is request.runner is None
    assert request.is_active


def test_a_question_makes_a_waiting_backfill_urgent_and_never_the_other_way_round(read: Store) -> None:
    backfill = wanted(read, quote_of(ONE), priority=-10)
    assert wanted(read, quote_of(ONE)).priority == 0
    assert wanted(read, quote_of(ONE), priority=-10).priority == 0
    assert now(read, backfill).priority == 0


def test_urgent_requests_go_first_then_old_ones(ingest: Store) -> None:
    backfill, first, second = (
        wanted(ingest, quote_of(ONE), -10),
        wanted(ingest, quote_of(TWO)),
        wanted(ingest, quote_of(THREE)),
    )
    order = [claimed(ingest).request.request_id for _ in range(3)]
    assert order == [request.request_id for request in (first, second, backfill)]


def test_two_claimers_never_hold_one_request(database: Database) -> None:
    with Store(database.ingest_dsn, role="ingest", size=12) as ingest:
        for name in "abcdefgh":
            wanted(ingest, quote_of(uuid.uuid5(uuid.NAMESPACE_OID, name)))

        def claim(number: int) -> RequestClaim | None:
            with ingest.connection() as connection:
                return requests.claim(connection, f"handler {number}", 60)

        claims = [claim.request.request_id for claim in at_once(20, claim) if claim is not None]
    assert len(claims) == len(set(claims))
    assert len(claims) == 8


def test_a_request_that_another_is_just_taking_is_skipped(ingest: Store) -> None:
    first, second = wanted(ingest, quote_of(ONE)), wanted(ingest, quote_of(TWO))
    with ingest.connection() as one:
        mine = requests.claim(one, "one", 60)
        with ingest.connection() as two:
            theirs = requests.claim(two, "two", 60)
    assert mine is not None
    assert theirs is not None
    assert (mine.request.request_id, theirs.request.request_id) == (first.request_id, second.request_id)


def test_one_named_request_is_claimed(ingest: Store) -> None:
    wanted(ingest, quote_of(ONE))
    second = wanted(ingest, quote_of(TWO))
    with ingest.connection() as connection:
        claim = requests.claim_one(connection, second.request_id, "handler", 60)
        assert claim is not None
        assert claim.request.request_id == second.request_id
        assert (claim.request.state, claim.epoch) == ("leased", 1)
        assert requests.claim_one(connection, second.request_id, "another", 60) is None


def test_a_request_runs_and_ends_once(ingest: Store) -> None:
    request = wanted(ingest, quote_of(ONE))
    claim = claimed(ingest)
    with ingest.connection() as connection:
        assert requests.start(connection, claim, "ray", "job-1")
        assert requests.renew(connection, claim, 60)
        assert requests.succeed(connection, claim)
        assert not requests.succeed(connection, claim)
        assert not requests.fail(connection, claim, "too late")
        assert not requests.renew(connection, claim, 60)
    ended = now(ingest, request)
    assert (ended.state, ended.runner, ended.submission_id, ended.reason) == ("successful", "ray", "job-1", None)
    assert ended.started_at is not None
    assert ended.finished_at is not None
    assert request.created_at <= ended.started_at <= ended.finished_at


def test_a_zombie_can_neither_go_on_nor_end_a_request(ingest: Store) -> None:
    request = wanted(ingest, quote_of(ONE))
    zombie = claimed(ingest, "zombie", lease_s=-1)
    successor = claimed(ingest, "successor")
    assert successor.request.request_id == request.request_id
    assert successor.epoch == zombie.epoch + 1
    with ingest.connection() as connection:
        assert not requests.start(connection, zombie, "warm", None)
        assert not requests.renew(connection, zombie, 60)
        assert not requests.give_back(connection, zombie, "confused", retry_after_s=0)
        assert not requests.fail(connection, zombie, "confused")
        assert not requests.succeed(connection, zombie)
        assert requests.succeed(connection, successor)


def test_who_is_late_but_not_replaced_may_end(ingest: Store) -> None:
    wanted(ingest, quote_of(ONE))
    claim = claimed(ingest, lease_s=-1)
    with ingest.connection() as connection:
        assert requests.succeed(connection, claim)


def test_the_successor_learns_what_the_dead_had_submitted(ingest: Store) -> None:
    wanted(ingest, quote_of(ONE))
    dead = claimed(ingest, "dead", lease_s=-1)
    with ingest.connection() as connection:
        requests.start(connection, dead, "ray", "job-1")
    assert claimed(ingest).request.submission_id == "job-1"


def test_a_request_given_back_waits_its_time_and_counts_the_attempt(ingest: Store) -> None:
    request = wanted(ingest, quote_of(ONE))
    claim = claimed(ingest)
    with ingest.connection() as connection:
        assert requests.give_back(connection, claim, "the object store is away", retry_after_s=3600)
    with ingest.connection() as connection:
        assert requests.claim(connection, "handler", 60) is None
        assert requests.claim_one(connection, request.request_id, "handler", 60) is None
        connection.execute("update extraction_request set not_before = clock_timestamp()")
    again = claimed(ingest)
    assert (again.epoch, again.request.attempts, again.request.reason) == (2, 1, "the object store is away")


def test_a_failed_request_says_why_and_may_be_wanted_anew(ingest: Store) -> None:
    request = wanted(ingest, quote_of(ONE))
    with ingest.connection() as connection:
        assert requests.fail(connection, claimed(ingest), "the cluster has no CPU")
    assert (now(ingest, request).state, now(ingest, request).reason) == ("failed", "the cluster has no CPU")
    assert wanted(ingest, quote_of(ONE)).request_id != request.request_id


def test_a_state_change_that_is_rolled_back_never_was(ingest: Store) -> None:
    request = wanted(ingest, quote_of(ONE))
    claim = claimed(ingest)
    with ingest.connection() as connection, connection.transaction(force_rollback=True):
        assert requests.succeed(connection, claim)
    assert now(ingest, request).state == "leased"


def test_who_joins_while_a_request_is_ended_gets_a_new_one(ingest: Store, read: Store) -> None:
    old = waiting(read, quote_of(ONE))
    claim = claimed(ingest)
    with ThreadPoolExecutor(1) as thread, read.connection(read_only=False) as joining:
        with ingest.connection() as ending:
            assert requests.succeed(ending, claim)
            joined = thread.submit(requests.want, joining, quote_of(ONE))
            until_blocked(ingest, [joining.info.backend_pid])
        assert joined.result(timeout=30).request_id != old.request.request_id


def test_progress_is_what_the_ledger_knows(ingest: Store, segments: list[uuid.UUID]) -> None:
    request = wanted(ingest, quote_of(*segments))
    assert progress_of(ingest, request) == Progress(5400.0, 0.0, 3, 0, 0)
    with ingest.connection() as connection:
        finished, given_up, running = ledger.claim_extractions(connection, segments, EXTRACTOR, "worker", 60)
        ledger.finish_extraction(connection, finished, "raw/1/", 3, 120)
        ledger.quarantine(connection, given_up, "corrupt")
        ledger.progress(connection, running, 600.0)
    found = progress_of(ingest, request)
    assert found == Progress(5400.0, 1800.0 + 1800.0 + 600.0, 3, 1, 1)  # nothing of it by the request itself
    assert not found.is_complete
    with ingest.connection() as connection:
        ledger.finish_extraction(connection, running, "raw/2/", 3, 120)
    ended = progress_of(ingest, request)
    assert ended.is_complete
    with ingest.connection() as connection:
        newest = connection.execute("select max(finished_at) from extraction_ledger").fetchone()
    assert newest == (ended.extracted_at,)


def test_what_was_done_before_the_start_is_told_apart(ingest: Store, segments: list[uuid.UUID]) -> None:
    request = wanted(ingest, quote_of(*segments))
    with ingest.connection() as connection:
        early, late = ledger.claim_extractions(connection, segments[:2], EXTRACTOR, "worker", 60)
        ledger.finish_extraction(connection, early, "raw/1/", 3, 120)
        requests.start(connection, claimed(ingest), "warm", None)
        ledger.finish_extraction(connection, late, "raw/2/", 3, 120)
    found = progress_of(ingest, request)
    assert (found.camera_s_done, found.camera_s_before, found.begun_at) == (3600.0, 1800.0, None)
    assert found.ends is not None
    assert (found.ends.segments, found.ends.camera_s, found.ends.last_at) == (0, 0.0, found.ends.first_at)
    with ingest.connection() as connection:
        (last,) = ledger.claim_extractions(connection, segments[2:], EXTRACTOR, "worker", 60)
    started, begun = now(ingest, request).started_at, progress_of(ingest, request).begun_at
    assert started is not None
    assert begun is not None
    assert begun > started
    with ingest.connection() as connection:
        ledger.finish_extraction(connection, last, "raw/3/", 3, 120)
    ended = progress_of(ingest, request)
    assert ended.ends is not None
    assert (ended.ends.segments, ended.ends.camera_s) == (1, 1800.0)
    assert started < found.ends.first_at == ended.ends.first_at < ended.ends.last_at == ended.extracted_at


def test_a_result_of_an_older_extractor_counts_though_a_newer_one_gave_up(
    ingest: Store, segments: list[uuid.UUID]
) -> None:
    request = wanted(ingest, quote_of(segments[0]))
    with ingest.connection() as connection:
        (old,) = ledger.claim_extractions(connection, segments[:1], "v1", "worker", 60)
        ledger.finish_extraction(connection, old, "raw/1/", 3, 120)
        (new,) = ledger.claim_extractions(connection, segments[:1], "v2", "worker", 60)
        ledger.quarantine(connection, new, "corrupt")
    assert (progress_of(ingest, request).segments_done, progress_of(ingest, request).quarantined) == (1, 0)


def test_segments_deleted_meanwhile_are_not_waited_for(ingest: Store, segments: list[uuid.UUID]) -> None:
    request = wanted(ingest, quote_of(segments[0], ONE))
    with ingest.connection() as connection:
        (claim,) = ledger.claim_extractions(connection, segments[:1], EXTRACTOR, "worker", 60)
        ledger.finish_extraction(connection, claim, "raw/1/", 3, 120)
    assert progress_of(ingest, request).is_complete


def test_the_rate_counts_what_was_extracted_while_requests_ran(ingest: Store, segments: list[uuid.UUID]) -> None:
    with ingest.connection() as connection:
        assert requests.rates(connection) is None
    wanted(ingest, quote_of(*segments))
    with ingest.connection() as connection:
        early, late = ledger.claim_extractions(connection, segments[:2], EXTRACTOR, "worker", 60)
        ledger.finish_extraction(connection, early, "raw/1/", 3, 120)
        claim = claimed(ingest)
        requests.start(connection, claim, "warm", None)
        ledger.finish_extraction(connection, late, "raw/2/", 3, 120)
        requests.succeed(connection, claim)
        connection.execute(
            "update extraction_ledger set finished_at = finished_at - interval '1 hour' where prefix = 'raw/1/'"
        )
        connection.execute("update extraction_request set started_at = finished_at - interval '100 seconds'")
        assert requests.rates(connection) == pytest.approx(18.0)


def test_the_queue_counts_what_waits_and_what_is_worked_on(ingest: Store, read: Store) -> None:
    with read.connection() as connection:
        assert requests.queue(connection) == requests.Queue(0, 0, 0.0, 0.0)
    for segment in (ONE, TWO, THREE):
        wanted(ingest, quote_of(segment))
    claimed(ingest)
    with ingest.connection() as connection:
        requests.succeed(connection, claimed(ingest))
        connection.execute("update extraction_request set created_at = created_at - interval '1 hour'")
    with read.connection() as connection:
        found = requests.queue(connection)
    assert (found.accepted, found.running, found.camera_s) == (1, 1, 3600.0)
    assert timedelta(seconds=found.oldest_s) == pytest.approx(timedelta(hours=1), abs=timedelta(minutes=5))


def test_the_read_role_may_wish_and_take_back_but_not_work(read: Store, ingest: Store) -> None:
    job = waiting(read, quote_of(ONE))
    claim = claimed(ingest)
    for work in (
        lambda connection: requests.claim(connection, "reader", 60),
        lambda connection: requests.start(connection, claim, "warm", None),
        lambda connection: requests.renew(connection, claim, 60),
        lambda connection: requests.give_back(connection, claim, "no", retry_after_s=0),
        lambda connection: requests.succeed(connection, claim),
        lambda connection: requests.fail(connection, claim, "no"),
    ):
        with pytest.raises(errors.InsufficientPrivilege), read.connection(read_only=False) as connection:
            work(connection)
    assert now(read, job.request).state == "leased"
    assert dismissed(read, job).state == "dismissed"


def test_a_claim_may_ask_for_a_size(read: Store, ingest: Store) -> None:
    large, small = wanted(read, quote_of(ONE, TWO)), wanted(read, quote_of(THREE))
    with ingest.connection() as connection:
        quick = requests.claim(connection, "quick", 60, at_most_s=1800.0)
        assert quick is not None
        assert quick.request.request_id == small.request_id
        assert requests.claim(connection, "quick", 60, at_most_s=1800.0) is None
        slow = requests.claim(connection, "slow", 60, more_than_s=1800.0)
    assert slow is not None
    assert slow.request.request_id == large.request_id


def test_what_is_given_back_uncounted_may_be_given_back_for_ever(read: Store, ingest: Store) -> None:
    request = wanted(read, quote_of(ONE))
    for _ in range(3):
        claim = claimed(ingest)
        with ingest.connection() as connection:
            assert requests.give_back(connection, claim, "the store is away", retry_after_s=0, counted=False)
    assert now(read, request).attempts == 0


def test_a_backfill_waits_for_what_is_more_urgent_only_if_somebody_works_on_it(read: Store, ingest: Store) -> None:
    def urgent() -> bool:
        with ingest.connection() as connection:
            return requests.is_urgent(connection, above=-10)

    wanted(read, quote_of(ONE), priority=-10)
    with ingest.connection() as connection:
        handlers.beat(connection, "handler", "1")
    assert not urgent()
    wanted(read, quote_of(TWO))
    assert urgent()
    claim = claimed(ingest)
    assert claim.request.priority == 0
    assert urgent()
    with ingest.connection() as connection:
        requests.give_back(connection, claim, "later", retry_after_s=60)
    assert not urgent()
    wanted(read, quote_of(THREE))
    with ingest.connection() as connection:
        connection.execute("update handler set seen_at = seen_at - interval '1 hour'")
    assert not urgent()


def test_what_ended_long_ago_goes_with_its_jobs_and_notifications_and_nothing_else(ingest: Store) -> None:
    old, young, active = (waiting(ingest, quote_of(one), callback=CALLBACK) for one in (ONE, TWO, THREE))
    with ingest.connection() as connection:
        for _ in (old, young):
            assert requests.fail(connection, claimed(ingest), "no")
        connection.execute("update extraction_request set created_at = created_at - interval '91 days'")
        connection.execute(
            "update extraction_request set finished_at = finished_at - interval '91 days' where request_id = %s",
            [old.request.request_id],
        )
    with ingest.connection() as connection:
        assert requests.prune(connection, timedelta(days=90)) == 1
        assert requests.prune(connection, timedelta(days=90)) == 0
        left = connection.execute("select job_id from job").fetchall()
        told = connection.execute("select job_id from notification").fetchall()
        assert requests.find(connection, old.request.request_id) is None
    assert set(left) == {(young.job_id,), (active.job_id,)}
    assert told == [(young.job_id,)]


def test_the_job_of_a_dismissed_request_is_left_behind_until_somebody_has_ended_it(ingest: Store) -> None:
    job = waiting(ingest, quote_of(ONE))
    with ingest.connection() as connection:
        assert requests.start(connection, claimed(ingest), "ray", "job-1")
        assert requests.left_behind(connection, -1) == {}
    dismissed(ingest, job)
    with ingest.connection() as connection:
        assert requests.left_behind(connection, 60) == {}  # its handler has the time to end it
        assert requests.left_behind(connection, -1) == {job.request.request_id: "job-1"}
        requests.forget_job(connection, job.request.request_id)
        assert requests.left_behind(connection, -1) == {}


def test_a_wish_is_active_until_it_has_ended(read: Store, ingest: Store) -> None:
    def is_active() -> bool:
        with read.connection() as connection:
            return requests.is_active(connection, quote_of(ONE))

    assert not is_active()
    wanted(read, quote_of(ONE))
    assert is_active()
    with ingest.connection() as connection:
        requests.succeed(connection, claimed(ingest))
    assert not is_active()


def test_the_pace_of_loading_is_that_of_the_hours_loaded_last(filled: Store) -> None:
    with filled.connection() as connection:
        connection.execute("update load_ledger set started_at = finished_at - interval '72 seconds'")
        assert requests.loading_pace(connection) == pytest.approx(72 / 7200)  # two cameras, an hour each
        connection.execute("update load_ledger set finished_at = finished_at - interval '8 days'")
        assert requests.loading_pace(connection) is None
