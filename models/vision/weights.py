"""Weights: from a name to files on this disk whose content and origin are known.

The registry, `weights/registry.yaml`, has one row per known set of weights: name, file, sha256, licence, origin, and
for weights that can be fetched a url. `file` lies beside the registry when the weights are shipped with the product.
A `.pt` file is a pickle: loading one can run any code in it, so give only files that you trust.
"""

import hashlib
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from models.world.errors import BadInput, NotInstalled

SHIPPED = Path(__file__).with_name("weights")
DOWNLOADED = Path.home() / ".cache" / "mall-tracking" / "weights"
DEFAULT_DETECTOR = "mall-people"
_ULTRALYTICS_NAME = re.compile(r"yolo(v8|v9|v10|11|12|26)[tnscmbelx]\.pt")
_ULTRALYTICS_URL = "https://github.com/ultralytics/assets/releases/download/v8.4.0/{name}"
Fetch = Callable[[str, Path], None]
"""`fetch(url, path)` writes what lies at the url to the path; raises OSError when it cannot."""


@dataclass(frozen=True)
class Weights:
    """Weights on this disk: `path` is a file, or the folder of an OpenVINO model; `sha256` is its `digest`."""

    path: Path
    name: str
    sha256: str
    origin: str
    licence: str


@dataclass(frozen=True)
class Known:
    """A row of the registry."""

    name: str
    file: str
    sha256: str
    licence: str
    origin: str


def resolve(name_or_path: str | Path, *, folder: Path = DOWNLOADED, fetch: Fetch | None = None) -> Weights:
    """The weights that are meant by a name of the registry, a path, or a name that ultralytics publishes.

    A name is looked up among the shipped files, then in `folder`, then fetched into `folder`. Raises BadInput for a
    name that nobody knows and for files whose content is not what the registry says; NotInstalled for known weights
    that are neither here nor to be fetched.
    """
    name = str(name_or_path)
    path = Path(name_or_path)
    row = next((row for row in registry() if row.name == name), None)
    if path.exists() and (row is None or len(path.parts) > 1):
        return _given(path)
    if row is not None and (SHIPPED / row.file).exists():
        return _checked(row, SHIPPED / row.file)
    if row is not None and (folder / row.file).exists():
        return _checked(row, folder / row.file)
    if _ULTRALYTICS_NAME.fullmatch(name):
        return _published(name, row, folder, fetch or download)
    if row is not None:
        raise NotInstalled(
            f"the weights {name} are not on this machine; get them from {row.origin} and give their path"
        )
    raise BadInput(
        f"no weights at {name!r}: give a path (.pt, .onnx, .xml or an OpenVINO folder), a name that ultralytics "
        f"publishes (yolo11n.pt), or one of {', '.join(row.name for row in registry())}"
    )


@cache
def registry() -> tuple[Known, ...]:
    """All rows of the registry."""
    return tuple(Known(**row) for row in yaml.safe_load((SHIPPED / "registry.yaml").read_text()))


def digest(path: Path) -> str:
    """SHA-256 of weights, in hex: of the file, or, where a model has several files, of their names and digests."""
    files = _files(path)
    if len(files) == 1:
        return _sha256(files[0])
    lines = "".join(f"{_sha256(file)}  {file.name}\n" for file in files)
    return hashlib.sha256(lines.encode()).hexdigest()


def network_file(path: Path) -> Path:
    """The file that OpenVINO reads: the path, or the one `.xml` of a folder. Raises BadInput for a folder with none or several."""
    if not path.is_dir():
        return path
    found = sorted(path.glob("*.xml"))
    if len(found) != 1:
        raise BadInput(f"the folder {path} holds {len(found)} .xml files; an OpenVINO model has one")
    return found[0]


def download(url: str, path: Path) -> None:
    """Fetch a url, whole or not at all. Raises OSError when it cannot be reached."""
    import httpx

    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as part:
        try:
            with httpx.stream("GET", url, follow_redirects=True, timeout=20) as answer:
                answer.raise_for_status()
                for piece in answer.iter_bytes():
                    part.write(piece)
        except httpx.HTTPError as error:
            Path(part.name).unlink()
            raise OSError(str(error)) from error
    Path(part.name).replace(path)


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(file for file in path.iterdir() if file.is_file())
    if path.suffix == ".xml":
        together = (path, path.with_suffix(".bin"), path.with_name("metadata.yaml"))
        return sorted(file for file in together if file.exists())
    return [path]


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _given(path: Path) -> Weights:
    sha256 = digest(path)
    for row in registry():
        if row.sha256 == sha256:
            return Weights(path, row.name, sha256, row.origin, row.licence)
    return Weights(path, path.name, sha256, f"given as {path}", "not known")


def _checked(row: Known, path: Path) -> Weights:
    sha256 = digest(path)
    if sha256 != row.sha256:
        raise BadInput(
            f"the weights {row.name} at {path} have sha256 {sha256[:12]}.., expected {row.sha256[:12]}..: "
            "the file is damaged or replaced; restore it, or give its path to use it as it is"
        )
    return Weights(path, row.name, sha256, row.origin, row.licence)


def _published(name: str, row: Known | None, folder: Path, fetch: Fetch) -> Weights:
    path, url = folder / name, _ULTRALYTICS_URL.format(name=name)
    if not path.exists():
        try:
            fetch(url, path)
        except OSError as error:
            raise NotInstalled(
                f"the weights {name} are not on this machine and {url} cannot be reached ({error}); "
                f"put the file into {folder} or give its path"
            ) from error
    if row is not None:
        return _checked(row, path)
    return Weights(path, name, digest(path), url, "AGPL-3.0")
