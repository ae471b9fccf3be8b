import hashlib
import pickle
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from models.world.errors import MallError, NotAllowed, NotFound, StoreUnavailable
from pipelines.objects import FolderStore, Objects, ObjectStore, ObjectStoreAddress, sha256_of


@pytest.fixture(params=["folder", "s3"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> Objects:
    """Both stores, which must behave alike."""
    if request.param == "s3":
        return request.getfixturevalue("object_store")
    store = FolderStore(tmp_path / "store")
    store.ensure_bucket()
    return store


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "film.mp4"
    path.write_bytes(bytes(range(256)) * 10_000)
    return path


def test_a_file_comes_back_as_it_was(objects: Objects, file: Path, tmp_path: Path) -> None:
    objects.put_file("video/cam1/film.mp4", file, sha256_of(file))
    objects.get_file("video/cam1/film.mp4", tmp_path / "new" / "copy.mp4")
    assert (tmp_path / "new" / "copy.mp4").read_bytes() == file.read_bytes()
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["copy.mp4"]


def test_bytes_come_back_and_can_be_replaced(objects: Objects) -> None:
    objects.put_bytes("a/b", b"first")
    objects.put_bytes("a/b", b"second")
    objects.put_bytes("empty", b"")
    assert objects.get_bytes("a/b") == b"second"
    assert objects.get_bytes("empty") == b""


def test_a_file_that_is_not_what_its_hash_says_is_refused(objects: Objects, file: Path) -> None:
    with pytest.raises(MallError, match=r"film\.mp4.*(send it again|store it again)"):
        objects.put_file("film.mp4", file, hashlib.sha256(b"something else").hexdigest())
    assert not objects.exists("film.mp4")


def test_a_missing_object_is_named(objects: Objects, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"there is no .*no/such"):
        objects.get_bytes("no/such")
    with pytest.raises(NotFound):
        objects.get_file("no/such", tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_keys_are_listed_in_order_and_by_prefix(objects: Objects) -> None:
    for key in ("raw/cam2/e1/x", "raw/cam1/e1/x", "raw/cam10/e1/x", "video/cam1/x"):
        objects.put_bytes(key, b"x")
    assert objects.keys("raw/cam1") == ["raw/cam1/e1/x", "raw/cam10/e1/x"]
    assert objects.keys("raw/cam1/") == ["raw/cam1/e1/x"]
    assert objects.keys("raw/none") == []
    assert len(objects.keys("")) == 4


def test_existence_is_that_of_the_whole_key(objects: Objects) -> None:
    objects.put_bytes("raw/cam1/x", b"x")
    assert objects.exists("raw/cam1/x")
    assert not objects.exists("raw/cam1")
    assert not objects.exists("raw/cam1/xx")


def test_a_prefix_is_deleted_and_nothing_else(objects: Objects) -> None:
    for key in ("raw/cam1/e1/x", "raw/cam1/e1/y/z", "raw/cam10/e1/x"):
        objects.put_bytes(key, b"x")
    objects.delete_prefix("raw/cam1/")
    objects.delete_prefix("raw/cam1/")
    assert objects.keys("raw/") == ["raw/cam10/e1/x"]


@pytest.mark.parametrize("key", ["", "/etc/passwd", "../outside", "raw/../../outside"])
def test_a_key_cannot_leave_the_store(objects: Objects, key: str) -> None:
    with pytest.raises(ValueError, match="not a key"):
        objects.put_bytes(key, b"x")
    with pytest.raises(ValueError, match="not a key"):
        objects.delete_prefix(key)


def test_the_store_can_be_sent_to_another_process(object_store: ObjectStore) -> None:
    object_store.put_bytes("a", b"x")
    assert pickle.loads(pickle.dumps(object_store)).get_bytes("a") == b"x"


def test_many_objects_are_listed_and_deleted(object_store: ObjectStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: object_store.put_bytes(f"many/{number}", b""), range(1005)))
    assert len(object_store.keys("many/")) == 1005
    object_store.delete_prefix("many/")
    assert object_store.keys("many/") == []


def test_damage_in_the_store_is_found_when_fetching(object_store: ObjectStore, tmp_path: Path) -> None:
    object_store._client.put_object(
        Bucket=object_store.address.bucket, Key="crop.jpg", Body=b"x", Metadata={"sha256": "0" * 64}
    )
    with pytest.raises(MallError, match=r"crop\.jpg is damaged"):
        object_store.get_file("crop.jpg", tmp_path / "crop.jpg")
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_secret_is_refused(object_store: ObjectStore) -> None:
    stranger = ObjectStore(replace(object_store.address, secret_key="wrong"))
    with pytest.raises(NotAllowed, match="check the access key, the secret key"):
        stranger.put_bytes("a", b"x")


def test_a_missing_bucket_is_named(object_store: ObjectStore) -> None:
    with pytest.raises(NotFound, match="there is no nothing-here/a"):
        ObjectStore(replace(object_store.address, bucket="nothing-here")).get_bytes("a")


def test_a_store_that_does_not_answer_is_named() -> None:
    with socket.socket() as silent:  # bound, but nobody listens
        silent.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        store = ObjectStore(ObjectStoreAddress(endpoint, "mall", "key", "secret"))
        with pytest.raises(StoreUnavailable, match=f"does not answer .mall/a at {endpoint}"):
            store.get_bytes("a")


def test_the_secret_is_not_shown() -> None:
    assert "hush" not in repr(ObjectStoreAddress("http://s3", "mall", "key", "hush"))
