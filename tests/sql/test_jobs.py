import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from models.world.errors import UnknownJob
from sql import jobs, requests
from sql.jobs import Job
from sql.store import Store
from tests.conftest import Database
from tests.sql.wishes import at_once, claimed, dismissed, minutes, now, quote_of, until_blocked, waiting

ONE, TWO = (uuid.uuid5(uuid.NAMESPACE_OID, name) for name in ("one", "two"))


def found(store: Store, job: Job) -> Job:
    with store.connection() as connection:
        job_now = jobs.find(connection, job.job_id)
    assert job_now is not None
    return job_now


def test_a_job_remembers_the_question(read: Store) -> None:
    job = waiting(read, quote_of(ONE), "ann")
    assert (job.question, job.inputs, job.who, job.state) == ("paths", {"floor": 0}, "ann", "accepted")
    assert (job.request.window, job.dismissed_at) == (minutes(0, 30), None)
    assert found(read, job) == job


def test_an_unknown_job_is_not_found(read: Store) -> None:
    with read.connection(read_only=False) as connection:
        assert jobs.find(connection, ONE) is None
        with pytest.raises(UnknownJob, match=str(ONE)):
            jobs.dismiss(connection, ONE)


def test_a_job_follows_its_request(read: Store, ingest: Store) -> None:
    job = waiting(read, quote_of(ONE))
    claim = claimed(ingest)
    states = [found(read, job).state]
    for change in (
        lambda connection: requests.start(connection, claim, "warm", None),
        lambda connection: requests.succeed(connection, claim),
    ):
        with ingest.connection() as connection:
            assert change(connection)
        states.append(found(read, job).state)
    assert states == ["accepted", "running", "successful"]


def test_a_job_of_a_failed_request_tells_why(read: Store, ingest: Store) -> None:
    job = waiting(read, quote_of(ONE))
    with ingest.connection() as connection:
        requests.fail(connection, claimed(ingest), "too few CPUs")
    assert (found(read, job).state, found(read, job).request.reason) == ("failed", "too few CPUs")


def test_dismissing_one_of_two_lets_the_request_go_on(read: Store, ingest: Store) -> None:
    ann, bob = waiting(read, quote_of(ONE), "ann"), waiting(read, quote_of(ONE), "bob")
    claim = claimed(ingest)
    assert dismissed(read, ann).state == "dismissed"
    assert found(read, bob).state == "accepted"
    with ingest.connection() as connection:
        assert requests.renew(connection, claim, 60)


def test_dismissing_the_last_ends_the_request_and_its_handler_learns_of_it(read: Store, ingest: Store) -> None:
    ann, bob = waiting(read, quote_of(ONE), "ann"), waiting(read, quote_of(ONE), "bob")
    claim = claimed(ingest)
    dismissed(read, ann)
    dismissed(read, bob)
    ended = now(read, ann.request)
    assert (ended.state, ended.reason) == ("dismissed", "nobody waits for it any more")
    assert ended.finished_at is not None
    with ingest.connection() as connection:
        assert not requests.renew(connection, claim, 60)
        assert not requests.succeed(connection, claim)


def test_dismissing_twice_is_dismissing_once(read: Store) -> None:
    job = waiting(read, quote_of(ONE))
    assert dismissed(read, job) == dismissed(read, job)


def test_a_job_dismissed_after_the_end_leaves_the_request_as_it_ended(read: Store, ingest: Store) -> None:
    job = waiting(read, quote_of(ONE))
    with ingest.connection() as connection:
        requests.succeed(connection, claimed(ingest))
    assert dismissed(read, job).state == "dismissed"
    assert now(read, job.request).state == "successful"


def test_a_cancelled_wish_asked_again_is_a_new_request(read: Store, ingest: Store) -> None:
    first = waiting(read, quote_of(ONE))
    dismissed(read, first)
    second = waiting(read, quote_of(ONE))
    assert second.request.request_id != first.request.request_id
    assert claimed(ingest).request.request_id == second.request.request_id
    assert found(read, first).state == "dismissed"


def test_many_dismissals_at_once_end_the_request(database: Database) -> None:
    with Store(database.read_dsn, role="read", size=12) as read:
        waiters = [waiting(read, quote_of(ONE), f"client {number}") for number in range(20)]
        at_once(20, lambda number: dismissed(read, waiters[number]))
        assert now(read, waiters[0].request).state == "dismissed"


def test_who_joins_just_before_the_last_one_leaves_keeps_the_request_alive(read: Store) -> None:
    ann = waiting(read, quote_of(ONE), "ann")
    with ThreadPoolExecutor(1) as thread, read.connection(read_only=False) as leaving:
        with read.connection(read_only=False) as joining:
            request = requests.want(joining, quote_of(ONE))
            left = thread.submit(jobs.dismiss, leaving, ann.job_id)
            until_blocked(read, [leaving.info.backend_pid])
            bob = jobs.subscribe(joining, request, "paths", {}, "bob")
        assert left.result(timeout=30).state == "dismissed"
    assert found(read, bob).state == "accepted"


def test_who_joins_just_after_the_last_one_left_gets_a_new_request(read: Store) -> None:
    ann = waiting(read, quote_of(ONE), "ann")
    with ThreadPoolExecutor(1) as thread, read.connection(read_only=False) as joining:
        with read.connection(read_only=False) as leaving:
            jobs.dismiss(leaving, ann.job_id)
            joined = thread.submit(requests.want, joining, quote_of(ONE))
            until_blocked(read, [joining.info.backend_pid])
        assert joined.result(timeout=30).request_id != ann.request.request_id


def test_a_caller_sees_the_own_jobs_newest_first(read: Store) -> None:
    first, second = waiting(read, quote_of(ONE), "ann"), waiting(read, quote_of(TWO), "ann")
    other = waiting(read, quote_of(ONE), "bob")
    with read.connection() as connection:
        assert jobs.of_caller(connection, "ann", 10) == [second, first]
        assert jobs.of_caller(connection, "ann", 1) == [second]
        assert jobs.of_caller(connection, None, 10) == [other, second, first]
        assert jobs.of_caller(connection, "cyd", 10) == []
