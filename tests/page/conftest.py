"""The application on a port of its own over the busy mall, and a browser, if one is installed."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext
from starlette.types import ASGIApp

from cluster.embedded.postgres import PostgresServer
from serve.api import Manners, create
from serve.api.events import Pace
from serve.api.metrics import Metrics
from serve.logic.desk import QuestionDesk
from serve.logic.jobs import JobDesk
from serve.logic.orders import StoredOrders
from serve.logic.records import StoredRecords
from sql import keys, store
from sql.catalogue import Catalogue
from sql.store import Store
from tests.page import mall
from tests.page.driver import Reader, chromium, chromium_path
from tests.page.extractor import Extractor


@dataclass(frozen=True)
class Service:
    """A running service over the busy mall, with a key that may do everything and one that may only count.

    It orders at most 20 camera-hours for one question; what is ordered, `extractor` finds out. Its event streams live
    for two seconds only, so that whoever follows a job has to come back.
    """

    url: str
    key: str
    counting_key: str
    extractor: Extractor


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """The application on a free port, up when the context begins and down when it ends."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning"))
    up = threading.Event()
    thread = threading.Thread(target=server.run, daemon=True)
    startup = server.startup

    async def tell(*given: object, **more: object) -> None:
        await startup(*given, **more)  # type: ignore[arg-type]
        up.set()

    server.startup = tell  # type: ignore[method-assign]
    thread.start()
    assert up.wait(30)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="package")
def service(postgres: PostgresServer, migrated: str) -> Iterator[Service]:
    """The real application over the real store, at a moment shortly after the recordings.

    Its tests share it: they change only what none of the others looks at.
    """
    dsns = store.make_logins(postgres.create_database("page", template=migrated))
    with Store(dsns["admin"], role="admin", size=1) as admin, Store(dsns["ingest"], role="ingest", size=2) as ingest:
        mall.fill(admin, ingest)
        with admin.connection() as connection:
            key, counting = keys.create(connection, "reader"), keys.create(connection, "counter", ["aggregates"])
        pool = Store(dsns["read"], role="read", size=4)
        desk = QuestionDesk(StoredRecords(pool), Catalogue.load().questions, min_group=1, now=lambda: mall.NOW)
        orders = StoredOrders(pool)
        jobs, manners = JobDesk(desk, orders, budget_camera_hours=20), Manners(pace=Pace(look_s=0.1, longest_s=2.0))
        with served(create(jobs, Metrics(orders.figures), manners=manners)) as url:
            yield Service(url, key, counting, Extractor(ingest))


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The installed Chromium. Closed with this package: while it lives, an event loop runs in this thread."""
    if chromium_path() is None:
        pytest.skip("no Chromium is installed; Debian: apt-get install chromium")
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="package")
def new_york(browser: Browser) -> BrowserContext:
    """A laptop in New York; what is kept for a tab alone, such as the key, no test leaves to the next."""
    view = {"width": 1440, "height": 900}
    return browser.new_context(viewport=view, timezone_id="America/New_York", locale="en-GB")  # type: ignore[arg-type]


@pytest.fixture
def reader(new_york: BrowserContext, service: Service) -> Iterator[Reader]:
    """Somebody in New York, at a new tab."""
    page = new_york.new_page()
    yield Reader(page, service.url)
    page.close()
