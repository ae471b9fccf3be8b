"""A request handler in a process of its own, to be killed: `python -m tests.pipelines.handler_process FILE`.

The file holds what `main` needs, pickled by value. Jobs are threads of this process.
"""

import sys
import threading
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from models.world.errors import LeaseLost
from pipelines.extract import extract_request
from pipelines.flow import Resources
from pipelines.runners import Plain
from pipelines.webhooks import Courier, new_secret
from pipelines.work import Stop
from pipelines.worker import Handler, Terms
from sql import requests
from sql.store import Store


@dataclass
class ThreadJobs:
    """Jobs that are threads of this process; a stopped one counts as ended, however long its thread goes on."""

    resources: Resources
    running: dict[str, tuple[threading.Thread, Stop]] = field(default_factory=dict)
    stopped: list[str] = field(default_factory=list)

    def submit(self, submission_id: str, request_id: uuid.UUID, epoch: int) -> None:
        with Store(self.resources.database_dsn, role="ingest", size=1) as store, store.connection() as connection:
            request = requests.find(connection, request_id)
        stop = Stop()

        def work() -> None:
            try:
                assert request is not None
                extract_request(self.resources, request, Plain(self.resources), stop=stop)
            except LeaseLost:
                pass

        thread = threading.Thread(target=work, daemon=True)
        self.running[submission_id] = (thread, stop)
        thread.start()

    def is_running(self, submission_id: str) -> bool:
        return submission_id in self.running and self.running[submission_id][0].is_alive()

    def stop(self, submission_id: str) -> None:
        self.stopped.append(submission_id)
        if submission_id in self.running:
            self.running.pop(submission_id)[1].now()

    def last_words(self, submission_id: str) -> str:
        return ""


def handler(resources: Resources, terms: Terms, jobs: Any = None, *, actors: Any = None, daily: Any = None) -> Handler:
    """One that works by threads, unless it is given actors and small requests."""
    courier = Courier(new_secret(), private=True)
    return Handler(resources, actors, ThreadJobs(resources) if jobs is None else jobs, courier, terms, daily)


def main() -> None:
    from ray import cloudpickle

    working = handler(*cloudpickle.loads(Path(sys.argv[1]).read_bytes()))
    working.start()
    threading.Event().wait()


if __name__ == "__main__":
    main()
