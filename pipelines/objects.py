"""The object store: video, raw data and crops under keys, in S3 or anything that speaks its protocol.

What is stored is verified twice: the store checks the SHA-256 that comes with an upload, and a download is checked
against the SHA-256 kept beside the object. An object appears whole or not at all.
"""

import base64
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol

import tenacity

from models.world.errors import MallError, NotAllowed, NotFound, StoreUnavailable

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

_CHUNK_BYTES = 1 << 20
_SINGLE_PUT_BYTES = 4 << 30
"""Larger files go up in parts (S3 takes at most 5 GiB in one piece)."""
_MISSING = {"404", "NoSuchKey", "NoSuchBucket", "NotFound"}
_REFUSED = {"401", "403", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "Forbidden"}
_DAMAGED = {"BadDigest", "InvalidDigest", "XAmzContentChecksumMismatch", "XAmzContentSHA256Mismatch"}


class Objects(Protocol):
    """Where objects are kept.

    All methods raise NotFound for a missing key or bucket, NotAllowed for wrong credentials, StoreUnavailable if the store
    cannot be reached, and MallError if content did not arrive intact.
    """

    def ensure_bucket(self) -> None:
        """Make the place where objects are kept, unless it is there."""

    def put_file(self, key: str, path: Path, sha256: str) -> None:
        """Store a file whose SHA-256 (hex) is known, replacing what was there; refused if the content differs from it."""

    def put_bytes(self, key: str, content: bytes) -> None:
        """Store bytes, replacing what was there."""

    def get_file(self, key: str, path: Path) -> None:
        """Fetch an object into a file, which appears only when it is complete and verified."""

    def get_bytes(self, key: str) -> bytes:
        """Fetch an object, verified."""

    def exists(self, key: str) -> bool:
        """Whether there is an object under exactly this key."""

    def keys(self, prefix: str) -> list[str]:
        """The keys that begin with `prefix`, sorted."""

    def delete_prefix(self, prefix: str) -> None:
        """Delete all objects whose keys begin with `prefix`, which may not be empty."""

    def filesystem(self) -> "FileSystem":
        """The same objects as files under their keys, for readers that want parts of large ones; not verified."""


@dataclass(frozen=True)
class ObjectStoreAddress:
    """Where a bucket is and how to get in; `endpoint` is a URL, or None for Amazon's own."""

    endpoint: str | None
    bucket: str
    access_key: str
    secret_key: str = field(repr=False)
    region: str = "us-east-1"


class ObjectStore:
    """A bucket in S3. It may be sent to another process, where it connects again."""

    def __init__(self, address: ObjectStoreAddress) -> None:
        self.address = address

    def __reduce__(self) -> tuple[type["ObjectStore"], tuple[ObjectStoreAddress]]:
        return ObjectStore, (self.address,)

    @cached_property
    def _client(self) -> Any:
        import boto3
        from botocore.config import Config

        address = self.address
        return boto3.session.Session().client(
            "s3",
            endpoint_url=address.endpoint,
            aws_access_key_id=address.access_key,
            aws_secret_access_key=address.secret_key,
            region_name=address.region,
            config=Config(
                connect_timeout=10,
                read_timeout=60,
                retries={"mode": "standard", "total_max_attempts": 5},
                s3={"addressing_style": "path" if address.endpoint else "auto"},
            ),
        )

    def ensure_bucket(self) -> None:
        """Make the bucket unless it is there."""
        with self._translated(""):
            try:
                self._client.head_bucket(Bucket=self.address.bucket)
            except self._client.exceptions.ClientError as error:
                if _code(error) not in _MISSING:
                    raise
                self._client.create_bucket(Bucket=self.address.bucket, **self._placement())

    def _placement(self) -> dict[str, Any]:
        if self.address.endpoint or self.address.region == "us-east-1":
            return {}
        return {"CreateBucketConfiguration": {"LocationConstraint": self.address.region}}

    def put_file(self, key: str, path: Path, sha256: str) -> None:
        """Store a file whose SHA-256 (hex) is known."""
        if path.stat().st_size > _SINGLE_PUT_BYTES:
            self._put_in_parts(key, path, sha256)
        else:
            with path.open("rb") as body:
                self._put(key, body, sha256)

    def put_bytes(self, key: str, content: bytes) -> None:
        """Store bytes."""
        self._put(key, content, hashlib.sha256(content).hexdigest())

    def _put(self, key: str, body: IO[bytes] | bytes, sha256: str) -> None:
        with self._translated(key):
            self._client.put_object(
                Bucket=self.address.bucket,
                Key=checked(key),
                Body=body,
                ChecksumSHA256=base64.b64encode(bytes.fromhex(sha256)).decode(),
                Metadata={"sha256": sha256},
            )

    def _put_in_parts(self, key: str, path: Path, sha256: str) -> None:
        # Each part is checked on its way; the whole is checked against the metadata when it is fetched.
        with self._translated(key):
            self._client.upload_file(
                str(path),
                self.address.bucket,
                checked(key),
                ExtraArgs={"ChecksumAlgorithm": "SHA256", "Metadata": {"sha256": sha256}},
            )

    def get_file(self, key: str, path: Path) -> None:
        """Fetch an object into a file."""
        with _appearing(path) as part, part.open("wb") as file:
            self._get(key, file.write, lambda: file.seek(0) or file.truncate())

    def get_bytes(self, key: str) -> bytes:
        """Fetch an object."""
        content = bytearray()
        self._get(key, content.extend, content.clear)
        return bytes(content)

    def _get(self, key: str, write: Callable[[bytes], object], start_again: Callable[[], object]) -> None:
        from botocore.exceptions import HTTPClientError, IncompleteReadError, ResponseStreamingError

        broken_off = tenacity.retry_if_exception_type((HTTPClientError, IncompleteReadError, ResponseStreamingError))
        with self._translated(key):
            for attempt in tenacity.Retrying(retry=broken_off, stop=tenacity.stop_after_attempt(3), reraise=True):
                with attempt:
                    start_again()
                    self._stream(key, write)

    def _stream(self, key: str, write: Callable[[bytes], object]) -> None:
        answer = self._client.get_object(Bucket=self.address.bucket, Key=checked(key))
        digest = hashlib.sha256()
        for chunk in answer["Body"].iter_chunks(_CHUNK_BYTES):
            digest.update(chunk)
            write(chunk)
        _compare(key, digest.hexdigest(), answer["Metadata"].get("sha256"))

    def exists(self, key: str) -> bool:
        """Whether there is an object under exactly this key."""
        with self._translated(key):
            try:
                self._client.head_object(Bucket=self.address.bucket, Key=checked(key))
            except self._client.exceptions.ClientError as error:
                if _code(error) not in _MISSING:
                    raise
                return False
            return True

    def keys(self, prefix: str) -> list[str]:
        """The keys that begin with `prefix`, sorted."""
        with self._translated(prefix):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.address.bucket, Prefix=prefix)
            return sorted(entry["Key"] for page in pages for entry in page.get("Contents", []))

    def delete_prefix(self, prefix: str) -> None:
        """Delete all objects whose keys begin with `prefix`."""
        keys = self.keys(checked(prefix))
        with self._translated(prefix):
            for first in range(0, len(keys), 1000):
                batch = {"Objects": [{"Key": key} for key in keys[first : first + 1000]], "Quiet": True}
                answer = self._client.delete_objects(Bucket=self.address.bucket, Delete=batch)
                if answer.get("Errors"):
                    raise MallError(
                        f"{len(answer['Errors'])} objects under {prefix!r} could not be deleted: run it again"
                    )

    def filesystem(self) -> "FileSystem":
        """The bucket as a file system."""
        from pyarrow.fs import S3FileSystem, SubTreeFileSystem

        scheme, _, host = (self.address.endpoint or "").rpartition("://")
        served = S3FileSystem(
            access_key=self.address.access_key,
            secret_key=self.address.secret_key,
            region=self.address.region,
            scheme=scheme or "https",
            endpoint_override=host or None,
        )
        return SubTreeFileSystem(self.address.bucket, served)

    @contextmanager
    def _translated(self, key: str) -> Iterator[None]:
        """Turns the client's errors into ours."""
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import BotoCoreError, ClientError

        where = f"{self.address.bucket}/{key} at {self.address.endpoint or 'Amazon S3'}"
        try:
            yield
        except ClientError as error:
            raise _translation(_code(error), where, str(error)) from error
        except (BotoCoreError, Boto3Error) as error:
            raise StoreUnavailable(
                f"the object store does not answer ({where}): {error}; is it running? see mall status"
            ) from error


class FolderStore:
    """The same as `ObjectStore` in a folder: for tests and for a look at what is stored."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def ensure_bucket(self) -> None:
        """Make the folder unless it is there."""
        self.root.mkdir(parents=True, exist_ok=True)

    def put_file(self, key: str, path: Path, sha256: str) -> None:
        """Store a file whose SHA-256 (hex) is known."""
        content = path.read_bytes()
        _compare(key, hashlib.sha256(content).hexdigest(), sha256)
        self.put_bytes(key, content)

    def put_bytes(self, key: str, content: bytes) -> None:
        """Store bytes."""
        with _appearing(self.root / checked(key)) as part:
            part.write_bytes(content)

    def get_file(self, key: str, path: Path) -> None:
        """Fetch an object into a file."""
        with _appearing(path) as part:
            shutil.copyfile(self._existing(key), part)

    def get_bytes(self, key: str) -> bytes:
        """Fetch an object."""
        return self._existing(key).read_bytes()

    def exists(self, key: str) -> bool:
        """Whether there is an object under exactly this key."""
        return (self.root / checked(key)).is_file()

    def keys(self, prefix: str) -> list[str]:
        """The keys that begin with `prefix`, sorted."""
        files = (path.relative_to(self.root).as_posix() for path in self.root.rglob("*") if path.is_file())
        return sorted(key for key in files if key.startswith(prefix))

    def delete_prefix(self, prefix: str) -> None:
        """Delete all objects whose keys begin with `prefix`."""
        for key in self.keys(checked(prefix)):
            (self.root / key).unlink()

    def filesystem(self) -> "FileSystem":
        """The folder as a file system."""
        from pyarrow.fs import LocalFileSystem, SubTreeFileSystem

        return SubTreeFileSystem(str(self.root), LocalFileSystem())

    def _existing(self, key: str) -> Path:
        if not self.exists(key):
            raise _translation("NoSuchKey", f"{self.root}/{key}", "")
        return self.root / checked(key)


def checked(key: str) -> str:
    """The key itself. Raises ValueError for one that is empty or would leave the store."""
    if not key or key.startswith("/") or ".." in key.split("/"):
        raise ValueError(f"{key!r} is not a key of the object store")
    return key


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _appearing(path: Path) -> Iterator[Path]:
    """A name beside `path` to write to; it becomes `path` when the block ends well, and vanishes otherwise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        part.replace(path)
    finally:
        with suppress(FileNotFoundError):
            part.unlink()


def _compare(key: str, found: str, expected: str | None) -> None:
    if expected is not None and found != expected:
        raise MallError(f"{key} is damaged: its SHA-256 is {found[:12]}.., expected {expected[:12]}..; store it again")


def _code(error: Any) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _translation(code: str, where: str, words: str) -> MallError:
    if code in _MISSING:
        return NotFound(f"there is no {where}")
    if code in _REFUSED:
        return NotAllowed(
            f"the object store refuses {where} ({code}): check the access key, the secret key and the rights"
        )
    if code in _DAMAGED:
        return MallError(f"{where} did not arrive intact ({code}): send it again")
    return MallError(f"the object store cannot do it: {where}: {words}")
