"""`mall export` on the command line: a day, or all that are over, into the object store of the installation."""

import pytest

from cluster.cli.app import app
from cluster.cli.outcome import run
from pipelines.export import files
from pipelines.objects import ObjectStore
from sql.store import Store
from tests.conftest import Database
from tests.sql.mall import DAY


@pytest.fixture
def installed(filled: Store, database: Database, object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    address = object_store.address
    monkeypatch.setenv("MALL_DATABASE_READ", database.read_dsn)
    monkeypatch.setenv("MALL_S3_ENDPOINT", address.endpoint or "")
    monkeypatch.setenv("MALL_S3_BUCKET", address.bucket)
    monkeypatch.setenv("MALL_S3_ACCESS_KEY", address.access_key)
    monkeypatch.setenv("MALL_S3_SECRET_KEY", address.secret_key)


def test_days_are_exported_once(
    installed: None, object_store: ObjectStore, admin: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(app, ["export", str(DAY)]) == 0
    assert capsys.readouterr().out.startswith("1 of 1 days written")
    assert run(app, ["export"]) == 0
    assert capsys.readouterr().out.startswith("0 of 1 days written")
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
