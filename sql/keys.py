"""API keys. A key is shown once; the database holds its SHA-256 (keys are random, so no salt or slow hash is needed)."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sql.store import Connection
from sql.text import statement

PERMISSIONS = ("aggregates", "individuals", "extract", "operate")
"""What a key may be good for: `aggregates` counts and averages, `individuals` tells single people's ways, `extract` has
video extracted for a question, `operate` sees and dismisses the jobs of others."""


@dataclass(frozen=True)
class Caller:
    """Whose key it is, and what the owner may ask."""

    name: str
    permissions: frozenset[str]

    def may(self, permission: str) -> bool:
        """Whether the caller has the permission."""
        return permission in self.permissions


def create(connection: Connection, name: str, permissions: Sequence[str] = PERMISSIONS) -> str:
    """A new key for the name, which ends an older one of it; needs the role `admin`. Raises ValueError for an unknown permission."""
    unknown = set(permissions) - set(PERMISSIONS)
    if unknown:
        raise ValueError(f"unknown permissions: {', '.join(sorted(unknown))}; known: {', '.join(PERMISSIONS)}")
    key = f"mall_{secrets.token_urlsafe(32)}"
    row = {"sha256": _hash(key), "name": name, "permissions": list(permissions)}
    connection.execute(statement("keys/create"), row)
    return key


def check(connection: Connection, key: str) -> Caller | None:
    """The owner of the key, None for a key that is not ours."""
    row = connection.execute(statement("keys/find"), {"sha256": _hash(key)}).fetchone()
    return None if row is None else Caller(row[0], frozenset(row[1]))


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
