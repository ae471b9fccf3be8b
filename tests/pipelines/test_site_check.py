"""`mall site check` on what was extracted: real PostGIS and S3, three people in a filmed hall."""

import pytest

from cluster.cli.app import app
from cluster.cli.outcome import run
from pipelines.extract import extract
from pipelines.flow import Resources
from pipelines.objects import ObjectStore
from tests.pipelines.filmed import WINDOW


def test_tracklets_are_read_from_the_store_and_three_people_are_too_few_to_judge_by(
    mall: Resources, object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    address = object_store.address
    for name, value in {
        "MALL_DATABASE_INGEST": mall.database_dsn,
        "MALL_S3_ENDPOINT": address.endpoint,
        "MALL_S3_BUCKET": address.bucket,
        "MALL_S3_ACCESS_KEY": address.access_key,
        "MALL_S3_SECRET_KEY": address.secret_key,
    }.items():
        monkeypatch.setenv(name, str(value))
    extract(mall, WINDOW, on_ray=False)
    window = ["--from", WINDOW.start.isoformat(), "--to", WINDOW.end.isoformat()]
    assert run(app, ["site", "check", *window]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["cam1", "cam2"]
    assert all("too few people to tell (" in line for line in lines)
