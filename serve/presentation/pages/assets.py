"""What the pages load: scripts and styles, kept in memory under addresses that change with their content.

An address holds a hash of its whole bundle, so a browser may keep what it got for ever, and modules find each other
by relative paths. There is no build step: what lies in the folder `browser` is what is sent.
"""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from models.world.errors import NotFound

_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}


@dataclass(frozen=True)
class Asset:
    """The bytes of a file and their media type."""

    content: bytes
    media_type: str

    @cached_property
    def gzipped(self) -> bytes:
        """The content, compressed once."""
        return gzip.compress(self.content, mtime=0)


@dataclass(frozen=True)
class Bundle:
    """Files that belong together: they share the version in their addresses."""

    assets: Mapping[str, Asset]

    @cached_property
    def version(self) -> str:
        """Sixteen hexadecimal digits that change when any file does."""
        digest = hashlib.sha256()
        for name, asset in sorted(self.assets.items()):
            digest.update(f"{name}\0{len(asset.content)}\0".encode() + asset.content)
        return digest.hexdigest()[:16]

    def address(self, name: str) -> str:
        """Where browsers find the file."""
        return f"/assets/{self.version}/{name}"


@cache
def page_bundle() -> Bundle:
    """Our own scripts and styles."""
    folder = files(__package__).joinpath("browser")
    found = {entry.name: entry.read_bytes() for entry in folder.iterdir() if Path(entry.name).suffix in _TYPES}
    return Bundle({name: Asset(content, _TYPES[Path(name).suffix]) for name, content in found.items()})


@cache
def plotly_bundle() -> Bundle:
    """plotly.js as it comes in the Python package, which is not imported for it. Of its own version: it is large."""
    package = find_spec("plotly")
    if package is None or package.origin is None:
        raise NotFound("plotly.js is missing, so plans cannot be drawn; install it: pip install plotly")
    script = Path(package.origin).parent / "package_data" / "plotly.min.js"
    return Bundle({"plotly.min.js": Asset(script.read_bytes(), _TYPES[".js"])})


def find(version: str, name: str) -> Asset:
    """The file at the address. Raises NotFound, also for another version than that of the files here."""
    for bundle in (page_bundle(), plotly_bundle()):
        if bundle.version == version and name in bundle.assets:
            return bundle.assets[name]
    raise NotFound("this page belongs to another version of the service; load it again")
