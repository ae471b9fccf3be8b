"""`mall export` and `mall retention` on the command line, with the object store of the installation."""

from datetime import timedelta

import pytest

from cluster.cli.app import app
from cluster.cli.outcome import run
from cluster.handler import daily_work
from cluster.settings import Settings
from pipelines.export import files
from pipelines.objects import ObjectStore
from sql.store import Store
from tests.conftest import Database
from tests.sql.mall import DAY


@pytest.fixture
def installed(filled: Store, database: Database, object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    address = object_store.address
    monkeypatch.setenv("MALL_DATABASE_INGEST", database.ingest_dsn)
    monkeypatch.setenv("MALL_DATABASE_READ", database.read_dsn)
    monkeypatch.setenv("MALL_S3_ENDPOINT", address.endpoint or "")
    monkeypatch.setenv("MALL_S3_BUCKET", address.bucket)
    monkeypatch.setenv("MALL_S3_ACCESS_KEY", address.access_key)
    monkeypatch.setenv("MALL_S3_SECRET_KEY", address.secret_key)


def test_days_are_exported_once(
    installed: None, object_store: ObjectStore, admin: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(app, ["export", str(DAY)]) == 0
    assert capsys.readouterr().out.startswith("1 days written")
    assert run(app, ["export"]) == 0
    assert capsys.readouterr().out.startswith("0 days written")
    assert files.days(object_store) == [DAY]
    with admin.connection() as connection:
        who = connection.execute("select who from audit where action = 'export'").fetchall()
    assert [name.endswith("(mall export)") for (name,) in who] == [True]


@pytest.mark.parametrize(("day", "reason"), [("yesterday", "is not a day"), ("2026-11-21", "nothing of 2026-11-21")])
def test_what_cannot_be_exported_is_refused_in_one_line(
    installed: None, capsys: pytest.CaptureFixture[str], day: str, reason: str
) -> None:
    assert run(app, ["export", day]) == 1
    assert reason in capsys.readouterr().err


def test_a_dry_run_of_retention_tells_the_steps_and_does_none(
    installed: None, object_store: ObjectStore, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        assert run(app, ["retention", "--dry-run"]) == 0
        told = capsys.readouterr().out.splitlines()
        assert f"export day {DAY}" in told
        assert told[-1] == f"{len(told) - 1} steps to do"
    assert object_store.keys("") == []


def test_the_handler_does_it_where_it_is_wanted(
    installed: None, object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert daily_work(Settings.load()) is None
    monkeypatch.setenv("MALL_RETENTION", "true")
    work = daily_work(Settings.load())
    assert work is not None
    assert work(DAY + timedelta(days=1))
    assert files.days(object_store) == [DAY]
