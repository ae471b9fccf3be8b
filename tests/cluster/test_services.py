import os
import signal
import subprocess
from pathlib import Path

import httpx
import pytest

from cluster.embedded import daemons, services
from cluster.embedded.seaweedfs import SeaweedServer
from cluster.settings import Settings
from models.world.errors import NotFound
from pipelines.objects import ObjectStore
from sql import keys
from sql.store import Store


def test_processes_that_end_while_they_are_looked_at_have_a_name() -> None:
    with subprocess.Popen(["sleep", "60"], env={daemons.MARK: "looked at"}) as child:
        (seen,) = daemons.marked("looked at")
        child.kill()
    assert seen.info["name"] == "sleep"


def kill_everything(settings: Settings) -> None:
    home = settings.home
    for mark in (f"{home}/s3:s3", f"{home}/ray:ray"):
        for process in daemons.marked(mark):
            process.send_signal(signal.SIGKILL)
    postgres = next(row for row in services.status(settings) if row.name == "postgres")
    assert postgres.pid is not None
    os.kill(postgres.pid, signal.SIGKILL)


def test_what_was_stored_survives_a_kill_of_every_service(installation: Path) -> None:
    before = services.up(Settings.load(installation))
    ObjectStore(before.objects()).put_bytes("video/one", b"frames")
    with Store(before.needed("database_admin"), role="admin", size=1) as store, store.connection() as connection:
        second_key = keys.create(connection, "second", keys.PERMISSIONS)

    kill_everything(before)
    assert daemons.until(lambda: "running" not in {row.state for row in services.status(before)}, 30)
    after = services.up(Settings.load(installation))

    assert ObjectStore(after.objects()).get_bytes("video/one") == b"frames"
    assert after.api_key == before.api_key
    for key in (second_key, after.needed("api_key")):
        answer = httpx.get(f"{after.serve_url}/processes", headers={"Authorization": f"Bearer {key}"})
        assert answer.status_code == httpx.codes.OK, answer.text
    assert {row.name: row.state for row in services.status(after)} == dict.fromkeys(
        ("postgres", "s3", "ray", "http"), "running"
    )


def test_what_is_up_is_not_started_again(installation: Path) -> None:
    settings = services.up(Settings.load(installation))
    pids = [row.pid for row in services.status(settings)]
    assert services.up(settings) == settings
    assert [row.pid for row in services.status(settings)] == pids


def test_down_stops_its_own_services_alone_and_keeps_the_state(installation: Path, s3_server: SeaweedServer) -> None:
    settings = services.up(Settings.load(installation))
    services.down(settings)
    assert {row.state for row in services.status(settings)} == {"stopped"}
    assert s3_server.running
    assert (installation / "s3" / "data").exists()


def test_secrets_are_readable_by_the_owner_alone(installation: Path) -> None:
    for secret in ("services.json", "postgres/password", "s3/identities.json", "ray/token"):
        assert (installation / secret).stat().st_mode & 0o077 == 0, secret


def test_one_bucket_does_not_see_the_others_objects(object_store: ObjectStore, s3_server: SeaweedServer) -> None:
    object_store.put_bytes("mine", b"1")
    with pytest.raises(NotFound):
        ObjectStore(s3_server.address("mall")).get_bytes("mine")
