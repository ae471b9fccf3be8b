"""People and their tracklets: identities.

An id is derived from what it names, so the same input gives the same id on every run; ids of two days
cannot be linked, because the day goes into the hash.
"""

import hashlib
import uuid
from datetime import date, datetime


def segment_id(camera_id: str, start: datetime, sha256: str) -> uuid.UUID:
    """The id of one recorded file: its camera, its start and its content."""
    return _uuid8(_digest("segment", camera_id, start.isoformat(), sha256))


def tracklet_id(segment: uuid.UUID, extractor: str, number: int) -> uuid.UUID:
    """The id of the `number`-th tracklet that an extractor version found in a segment."""
    return _uuid8(_digest("tracklet", str(segment), extractor, str(number)))


def person_id(site: str, day: date, founding_tracklet: uuid.UUID, first_seen_s: float) -> uuid.UUID:
    """The id of one visitor of one day (UUIDv8, RFC 9562, section 5.8).

    The first 48 bits are the milliseconds of the first sighting, so ids sort by time; the rest is SHA-256 of
    site, day and founding tracklet.
    """
    digest = _digest("person", site, day.isoformat(), str(founding_tracklet))
    milliseconds = round(first_seen_s * 1000) & ((1 << 48) - 1)
    return _uuid8(milliseconds.to_bytes(6, "big") + digest[:10])


def _digest(*parts: str) -> bytes:
    return hashlib.sha256("\x1f".join(parts).encode()).digest()


def _uuid8(content: bytes) -> uuid.UUID:
    octets = bytearray(content[:16])
    octets[6] = (octets[6] & 0x0F) | 0x80
    octets[8] = (octets[8] & 0x3F) | 0x80
    return uuid.UUID(bytes=bytes(octets))
