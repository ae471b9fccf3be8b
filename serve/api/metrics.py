"""Figures for Prometheus: what this process was asked, and how the store's work stands."""

import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

from fastapi import APIRouter, Depends, Request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.responses import Response

from models.world.errors import MallError
from serve.api.keys import caller_of
from sql.figures import Figures

BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
router = APIRouter(tags=["service"])


class Metrics:
    """Counters of one process; each carries the process's name, because a scrape reaches any one of the replicas."""

    def __init__(self, figures: Callable[[], Figures], remembered_s: float = 0.0) -> None:
        self._replica = f"{socket.gethostname()}-{uuid.uuid4().hex[:6]}"
        self._registry = CollectorRegistry()
        self._questions = Counter(
            "mall_questions", "questions by how they ended", ["question", "outcome", "replica"], registry=self._registry
        )
        self._orders = Counter(
            "mall_orders", "orders of an extraction by how they ended", ["outcome", "replica"], registry=self._registry
        )
        self._seconds = Histogram(
            "mall_question_seconds",
            "time to answer a question, seconds",
            ["question", "replica"],
            registry=self._registry,
            buckets=BUCKETS_S,
        )
        self._registry.register(StoreFigures(Remembered(figures, remembered_s)))

    def observe(self, action: str, question: str | None, outcome: str, took_s: float) -> None:
        """Count one reading access; `question` is None for what is no question of the catalogue."""
        if action == "ask":
            self._questions.labels(question or "unknown", outcome, self._replica).inc()
            self._seconds.labels(question or "unknown", self._replica).observe(took_s)
        elif action == "order":
            self._orders.labels(outcome, self._replica).inc()

    def text(self) -> bytes:
        """All figures in Prometheus' text format."""
        return generate_latest(self._registry)


class Remembered:
    """Figures that are asked for once in `for_s` seconds, however often and by however many they are wanted.

    They are sums over all recordings. A store that is away is asked again.
    """

    def __init__(
        self, figures: Callable[[], Figures], for_s: float, now_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._figures, self._for_s, self._now_s = figures, for_s, now_s
        self._asking = threading.Lock()
        self._latest: tuple[float, Figures] | None = None

    def __call__(self) -> Figures:
        """The figures, not older than that."""
        with self._asking:
            if self._latest is None or self._now_s() - self._latest[0] >= self._for_s:
                self._latest = self._now_s(), self._figures()
            return self._latest[1]


class StoreFigures(Collector):
    """What the store knows: equal from every replica."""

    def __init__(self, figures: Callable[[], Figures]) -> None:
        self._figures = figures

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Nothing: registering must not ask the store."""
        return iter(())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The figures; only `mall_store_up 0` while the store is away."""
        try:
            figures = self._figures()
        except MallError:
            yield _gauge("mall_store_up", "whether the store answers", 0)
            return
        yield _gauge("mall_store_up", "whether the store answers", 1)
        yield _gauges("mall_jobs", "jobs by state", "state", figures.jobs)
        waiting = {"accepted": figures.queue.accepted, "running": figures.queue.running}
        yield _gauges("mall_requests", "extraction requests that wait or are worked on", "state", waiting)
        yield _gauge("mall_queue_oldest_seconds", "how long the oldest request has waited", figures.queue.oldest_s)
        yield _gauge("mall_queue_camera_hours", "video in all these requests", figures.queue.camera_s / 3600)
        yield _gauges("mall_segments", "recordings by the state of their extraction", "state", figures.segments)
        hours = {state: camera_s / 3600 for state, camera_s in figures.camera_s.items()}
        yield _gauges("mall_camera_hours", "hours of video by the state of their extraction", "state", hours)
        if figures.newest_covered is not None:
            lag_s = (datetime.now(UTC) - figures.newest_covered).total_seconds()
            yield _gauge("mall_lag_seconds", "age of the newest time that can be asked about", lag_s)


@router.get("/metrics", summary="Figures for Prometheus", dependencies=[Depends(caller_of)])
def metrics(request: Request) -> Response:
    """Counters of this replica, and the store's figures."""
    return Response(request.app.state.metrics.text(), media_type=CONTENT_TYPE_LATEST)


def _gauge(name: str, about: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, about, value=value)


def _gauges(name: str, about: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, about, labels=[label])
    for key, value in sorted(values.items()):
        family.add_metric([key], value)
    return family
