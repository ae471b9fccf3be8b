"""An extractor that is moved by hand: it does to the store what the handler does, one step at a time."""

from sql import handlers, ledger, people, requests
from sql.ledger import Claim
from sql.people import HourOfPeople
from sql.requests import RequestClaim
from sql.store import Store
from tests.page import mall

NAME = "by-hand"
LEASE_S = 600


class Extractor:
    """Works on the request that it takes."""

    def __init__(self, ingest: Store) -> None:
        self._store = ingest
        self._segments: list[Claim] = []
        self._request: RequestClaim | None = None

    def lives(self) -> None:
        with self._store.connection() as connection:
            handlers.beat(connection, NAME, "test")

    def take(self) -> None:
        """Claim the oldest request and its recordings, and begin."""
        with self._store.connection() as connection:
            self._request = requests.claim(connection, NAME, LEASE_S)
        assert self._request is not None
        with self._store.connection() as connection:
            assert requests.start(connection, self._request, "plain", None)
            ids = self._request.request.segment_ids
            self._segments = ledger.claim_extractions(connection, ids, mall.EXTRACTOR, NAME, LEASE_S)

    def extract(self, share: float) -> None:
        """So much of the recordings is done; the one that is begun, by half."""
        many = int(share * len(self._segments))
        with self._store.connection() as connection:
            for claim in self._segments[:many]:
                ledger.finish_extraction(connection, claim, f"raw/{claim.segment_id}/{claim.epoch}", 3, 90)
            for claim in self._segments[many : many + 1]:
                ledger.progress(connection, claim, 1800.0)

    def load(self) -> None:
        """Load the hours, and end the request."""
        assert self._request is not None
        self.extract(1.0)
        window = self._request.request.window
        with self._store.connection() as connection:
            claim = ledger.claim_load(connection, mall.SITE.name, window.start, NAME, LEASE_S)
        assert claim is not None
        with self._store.connection() as connection:
            nobody = HourOfPeople([], {}, "colours-1")
            people.replace_hour(connection, claim, nobody, mall.coverage_of(window.start))
            assert requests.succeed(connection, self._request)

    def fail(self, reason: str) -> None:
        assert self._request is not None
        with self._store.connection() as connection:
            assert requests.fail(connection, self._request, reason)

    def is_wanted(self) -> bool:
        """Whether the request still needs this extractor."""
        assert self._request is not None
        with self._store.connection() as connection:
            return requests.renew(connection, self._request, LEASE_S)
