"""A hall seen by several cameras, without pictures: people walk, cameras report noisy boxes at one a second."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from models.vision.tracker import DetectionTable
from models.world.paths import Path
from models.world.places import Camera, Site
from pipelines.simulator.plan import lay_out
from pipelines.simulator.view import View
from pipelines.simulator.walkers import walk

Floats = NDArray[np.float64]
START_S = 1_790_000_000.0
PLAN = lay_out(2, np.random.default_rng(0))
HEIGHT_M, WIDTH_M = 1.72, 0.55


@dataclass(frozen=True)
class Hall:
    """The site, where each person truly is while some camera could see them, and what each camera reports."""

    site: Site
    truth: list[Path]
    detections: dict[str, DetectionTable]
    who: dict[str, NDArray[np.int32]]
    walks: Floats
    seconds: int


def views(cameras: int) -> list[View]:
    """Cameras in the corners that look at the middle."""
    left, low, right, high = PLAN.hall
    x, y = (left + right) / 2, (low + high) / 2
    corners = [(left, low), (right, high), (right, low), (left, high)][:cameras]
    return [View(a, b, 4.2, float(np.arctan2(y - b, x - a)), 0.42, 430.0, 640, 384) for a, b in corners]


def hall(
    *,
    people: int = 20,
    cameras: int = 4,
    seconds: int = 120,
    seed: int = 0,
    misses: float = 0.1,
    noise: float = 1.0,
    embedding_noise: float | None = None,
    phase_s: float = 0.0,
) -> Hall:
    """A seeded hall; `misses` is the share of detections lost (in bursts), `noise` scales the box noise."""
    rng = np.random.default_rng(seed)
    eyes = views(cameras)
    site = _site(eyes)
    ticks = np.arange(seconds * 10 + 20) / 10
    walks = _walks(rng, people, len(ticks))
    looks = rng.normal(size=(people, 16))
    detections, who, seen = {}, {}, np.zeros((people, seconds), dtype=bool)
    for number, (eye, camera) in enumerate(zip(eyes, site.cameras, strict=True)):
        rows, owners = [], []
        lost = np.zeros(people, dtype=bool)
        for second in range(seconds):
            at = second * 10 + round(10 * phase_s * number)
            boxes, depth, visible = boxes_in(eye, walks[:, at])
            seen[:, second] |= visible
            hidden = _hidden(boxes, depth, visible)
            lost = np.where(rng.random(people) < 0.4, rng.random(people) < misses, lost)
            for person in np.flatnonzero(visible & (hidden < 0.55) & ~lost):
                rows.append(
                    (ticks[at], second, *_shaken(rng, boxes[person], noise, hidden[person]), rng.uniform(0.5, 0.95))
                )
                owners.append(person)
            if rng.random() < 0.02 * 4:
                x, y = rng.uniform(50, 550), rng.uniform(60, 250)
                rows.append((ticks[at], second, x, y, x + 30, y + 90, rng.uniform(0.2, 0.5)))
                owners.append(-1)
        table = np.array(rows).reshape(-1, 7)
        owner = np.array(owners, dtype=np.int32)
        embedding = None
        if embedding_noise is not None:
            raw = np.where(owner[:, None] >= 0, looks[owner], 0) + rng.normal(size=(len(owner), 16)) * embedding_noise
            embedding = (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float32)
        detections[camera.id] = DetectionTable(
            START_S + table[:, 0],
            table[:, 1].astype(np.int32) * 10,
            table[:, 2:6].astype(np.float32),
            table[:, 6].astype(np.float32),
            embedding,
        )
        who[camera.id] = owner
    truth = [
        Path(0, START_S + np.flatnonzero(seen[p]).astype(float), walks[p, np.flatnonzero(seen[p]) * 10])
        for p in range(people)
        if seen[p].sum() >= 6
    ]
    return Hall(site, truth, detections, who, walks, seconds)


def _site(eyes: list[View]) -> Site:
    cameras = tuple(
        Camera(f"cam{n + 1}", 0, eye.width_px, eye.height_px, 10.0, 1.0, eye.calibration())
        for n, eye in enumerate(eyes)
    )
    return Site("hall", ZoneInfo("Europe/Berlin"), (PLAN.floor,), PLAN.sections, cameras)


def _walks(rng: np.random.Generator, people: int, ticks: int) -> Floats:
    """(people, ticks, 2) m at ten a second; nan while outside."""
    walked = walk(PLAN, np.full(people, HEIGHT_M), ticks, 10.0, rng)
    return np.asarray(walked.xy_m.transpose(1, 0, 2))


def boxes_in(eye: View, feet_m: Floats) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    foot = np.column_stack([feet_m, np.zeros(len(feet_m))])
    head = np.column_stack([feet_m, np.full(len(feet_m), HEIGHT_M)])
    (low, depth), (high, _) = eye.project(foot), eye.project(head)
    width = eye.focal_px * WIDTH_M / np.maximum(depth, 0.2)
    boxes = np.column_stack([low[:, 0] - width / 2, high[:, 1], low[:, 0] + width / 2, low[:, 1]])
    inside = (boxes[:, 0] > 0) & (boxes[:, 2] < eye.width_px) & (boxes[:, 3] < eye.height_px) & (boxes[:, 1] > 0)
    return boxes, depth, inside & (depth > 1) & np.isfinite(depth)


def _hidden(boxes: Floats, depth: Floats, visible: NDArray[np.bool_]) -> Floats:
    """The largest share of each box that somebody nearer covers."""
    share = np.zeros(len(boxes))
    for person in np.flatnonzero(visible):
        for other in np.flatnonzero(visible & (depth < depth[person])):
            low, high = np.maximum(boxes[person, :2], boxes[other, :2]), np.minimum(boxes[person, 2:], boxes[other, 2:])
            covered = np.prod(np.clip(high - low, 0, None)) / np.prod(boxes[person, 2:] - boxes[person, :2])
            share[person] = max(share[person], covered)
    return share


def _shaken(rng: np.random.Generator, box: Floats, noise: float, hidden: float) -> Floats:
    size = box[2:] - box[:2]
    shake = rng.normal(size=4) * np.tile(size, 2) * [0.06, 0.03, 0.06, 0.03 + 0.05 * hidden] * noise
    return np.asarray(box + shake)
