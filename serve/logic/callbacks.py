"""Where a caller wants to be told how a job goes: the `subscriber` of OGC API - Processes 1.0."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from models.world.errors import BadParameter
from serve.logic.inputs import shown

URIS = {"successUri": "success_uri", "inProgressUri": "in_progress_uri", "failedUri": "failed_uri"}
"""The names of a subscriber's addresses in the protocol and in the store."""
MAX_CHARACTERS = 2000


def callback(subscriber: object) -> Mapping[str, str] | None:
    """The addresses by the store's names; None without any.

    Raises BadParameter("subscriber", ..) for what is no address of a web server. Whether an address may be called,
    a private one for instance, is decided when it is called.
    """
    if subscriber is None:
        return None
    if not isinstance(subscriber, Mapping):
        raise _refusal(f"must be an object with {', '.join(URIS)}; got {type(subscriber).__name__}")
    for name in subscriber:
        if name not in URIS:
            raise _refusal(f"has no {shown(str(name))!r}; known: {', '.join(URIS)}")
    return {URIS[name]: _address(name, uri) for name, uri in subscriber.items() if uri is not None} or None


def _address(name: str, uri: object) -> str:
    if not isinstance(uri, str) or not uri.isprintable() or " " in uri or len(uri) > MAX_CHARACTERS:
        raise _refusal(f"{name} must be a URL of at most {MAX_CHARACTERS} characters")
    try:
        parts = urlsplit(uri)
        usable = parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable:
        raise _refusal(f"{name} must be a URL like https://example.org/told; got {shown(uri)!r}")
    if parts.username is not None or parts.password is not None:
        raise _refusal(f"{name} must not hold a user or a password; whoever is called checks the signature instead")
    return uri


def _refusal(text: str) -> BadParameter:
    return BadParameter("subscriber", f"subscriber {text}")
