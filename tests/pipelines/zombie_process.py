"""An extraction in a process that stops itself (SIGSTOP) at a chosen moment: `python -m tests.pipelines.zombie_process FILE`.

The file holds what `main` needs, pickled by value.
"""

from __future__ import annotations  # annotations do not travel with a loader that goes to another process by value

import os
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipelines import raw
from pipelines.extract import extract
from pipelines.objects import ObjectStore, ObjectStoreAddress
from sql import ledger, people, text
from tests.pipelines.blobs import blob_detector

FENCES = ("ledger/finish-extraction", "people/lock-hour", "people/finish-hour")
"""Where a result is committed under the epoch of its claim."""


def stopping_at_a_picture() -> Callable[[], Any]:
    """A loader of a detector that finds rectangles; at its first picture it stops its process."""
    harmless = blob_detector()

    def load() -> Any:
        import os
        import signal

        class Stopping:
            def __init__(self) -> None:
                self.harmless, self.stopped = harmless(), False

            def detect(self, pictures: Any) -> Any:
                if not self.stopped:
                    self.stopped = True
                    os.kill(os.getpid(), signal.SIGSTOP)
                return self.harmless.detect(pictures)

        return Stopping()

    return load


class StoppingAtALoad(ObjectStore):
    """A bucket of which the first result that is read for a load stops the process."""

    stopped = False

    def __reduce__(self) -> tuple[type[ObjectStore], tuple[ObjectStoreAddress]]:
        return StoppingAtALoad, (self.address,)

    def get_bytes(self, key: str) -> bytes:
        if key.endswith(raw.SIGHTINGS_FILE) and not self.stopped:
            self.stopped = True
            os.kill(os.getpid(), signal.SIGSTOP)
        return super().get_bytes(key)


def take_the_fence_out() -> None:
    """Have this process commit whatever the epoch of its claim."""

    def unfenced(name: str) -> bytes:
        found = text.statement(name)
        return re.sub(rb"\s+and epoch = \S+", b"", found) if name in FENCES else found

    ledger.statement = people.statement = unfenced


def main() -> None:
    from ray import cloudpickle

    fenced, arguments = cloudpickle.loads(Path(sys.argv[1]).read_bytes())
    if not fenced:
        take_the_fence_out()
    extract(*arguments, on_ray=False)


if __name__ == "__main__":
    main()
