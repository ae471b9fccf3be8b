from pathlib import Path

import pytest

from cluster import settings
from cluster.settings import Settings
from models.world.errors import BadInput, NotInstalled


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MALL_HOME", str(tmp_path))
    settings.write_state(tmp_path, {"serve_url": "http://127.0.0.1:1", "s3_bucket": "from-state"})
    return tmp_path


def test_the_environment_goes_before_the_state_folder_before_the_default(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MALL_S3_BUCKET", "from-environment")
    loaded = Settings.load()
    assert (loaded.s3_bucket, loaded.serve_url, loaded.s3_region) == (
        "from-environment",
        "http://127.0.0.1:1",
        "us-east-1",
    )
    assert loaded.home == home


def test_a_setting_that_cannot_be_used_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MALL_SAMPLE_FPS", "fast")
    with pytest.raises(BadInput, match=r"MALL_SAMPLE_FPS .*'fast'"):
        Settings.load()


def test_what_only_mall_up_knows_is_asked_for_by_name(home: Path) -> None:
    with pytest.raises(NotInstalled, match=r"mall up.*MALL_DATABASE_READ"):
        Settings.load().needed("database_read")
    with pytest.raises(NotInstalled, match="mall up"):
        Settings.load().objects()


def test_no_secret_is_shown_when_settings_are_printed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MALL_API_KEY", "hush")
    assert "hush" not in repr(Settings.load())


def test_every_setting_has_a_meaning() -> None:
    assert all(meaning for _, _, _, meaning in settings.table())
