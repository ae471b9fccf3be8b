"""Holding on to claimed work while it is done, and noticing what of it is finished."""

import logging
import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from models.world.errors import StoreUnavailable
from sql import ledger
from sql.ledger import Claim
from sql.store import Store

log = logging.getLogger(__name__)
LONGEST_BEAT_S = 2.0


class Leases:
    """Renews the leases of claims from a thread, by wall clock, for as long as its `with` block lasts.

    `held` are the claims that are still ours and unfinished; `on_beat` is told of them after every renewal.
    """

    def __init__(
        self, claims: Sequence[Claim], store: Store, lease_s: float, on_beat: Callable[[Sequence[Claim]], None]
    ) -> None:
        self.held: Sequence[Claim] = claims
        self._store, self._lease_s, self._on_beat = store, lease_s, on_beat
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="leases", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        self.renew()

    def renew(self) -> None:
        """Prolong all leases now. A store that does not answer is tried again at the next beat."""
        try:
            with self._store.connection() as connection:
                self.held = ledger.renew(connection, self.held, self._lease_s)
        except StoreUnavailable as error:
            log.warning("the leases of %d segments could not be renewed: %s", len(self.held), error)
            return
        self._on_beat(self.held)

    def _beat(self) -> None:
        while not self._ended.wait(min(self._lease_s / 4, LONGEST_BEAT_S)):
            self.renew()
