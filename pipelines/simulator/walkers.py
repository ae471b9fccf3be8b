"""Visitors of the simulated mall: they come in, stop before shops and at tables, in one room or another, and leave through a door."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.simulator.annexes import route
from pipelines.simulator.figure import STRIDE_M
from pipelines.simulator.forces import from_people, from_walls, settle, towards
from pipelines.simulator.output import Progress, quiet
from pipelines.simulator.plan import Plan

Floats = NDArray[np.float64]
_STEPS_PER_FRAME = 2
_INSIDE_AT_START = 0.3
_SHORT, _LONG = 0.4, 0.8
_LONGEST_STAY_S = (480.0, 1500.0)
_ENTRY_FREE_M = 0.9
_REST_M_S = 0.12
"""Who dwells and would drift slower than this stands still."""


@dataclass(frozen=True)
class Walks:
    """Everybody at every frame: `xy_m` (frames, people, 2), nan while not in the mall; `heading`, `phase` and
    `stride` (frames, people) are how the figure is drawn (see `figure.Crowd`).
    """

    xy_m: Floats
    heading: Floats
    phase: Floats
    stride: Floats


def walk(
    plan: Plan,
    heights_m: Floats,
    frames: int,
    frame_rate_hz: float,
    random: np.random.Generator,
    progress: Progress = quiet,
) -> Walks:
    """Let as many people as there are heights walk for so many frames."""
    visitors = _Visitors(plan, heights_m, frames / frame_rate_hz, random)
    people = len(heights_m)
    walks = Walks(np.full((frames, people, 2), np.nan), *(np.zeros((frames, people)) for _ in range(3)))
    for frame in range(frames):
        inside = visitors.inside
        walks.xy_m[frame, inside] = visitors.xy[inside]
        walks.heading[frame], walks.phase[frame], walks.stride[frame] = (
            visitors.heading,
            visitors.phase,
            visitors.stride,
        )
        for _ in range(_STEPS_PER_FRAME):
            visitors.step(1 / frame_rate_hz / _STEPS_PER_FRAME)
        progress((frame + 1) / frames)
    return walks


class _Visitors:
    """The people and their plans; `step` moves time on."""

    def __init__(self, plan: Plan, heights_m: Floats, seconds: float, random: np.random.Generator) -> None:
        people = len(heights_m)
        self.plan, self.random, self.now_s = plan, random, 0.0
        self.circles = plan.circles
        self.heights = heights_m
        self.xy, self.velocity, self.goal = (np.zeros((people, 2)) for _ in range(3))
        self.inside = np.zeros(people, dtype=bool)
        self.heading = random.uniform(-np.pi, np.pi, people)
        self.phase, self.stride = random.uniform(0, 2 * np.pi, people), np.zeros(people)
        self.speed = np.clip(random.normal(1.28, 0.14, people), 1.0, 1.55)
        stay = np.minimum(random.uniform(_SHORT, _LONG, people) * seconds, random.uniform(*_LONGEST_STAY_S, people))
        self.enters = np.sort(random.uniform(0, 1, people)) * np.maximum(0.85 * seconds - stay, 0.3 * seconds)
        self.leaves = self.enters + stay
        self.dwell_until, self.give_up = np.zeros(people), np.zeros(people)
        self.stage = ["waiting"] * people
        self.further: list[list[Floats]] = [[] for _ in range(people)]
        for person in range(round(_INSIDE_AT_START * people)):
            self._start_inside(person)

    def step(self, dt_s: float) -> None:
        """Everybody thinks, walks and turns for `dt_s` seconds."""
        self.now_s += dt_s
        for person in np.nonzero(~self.inside & (self.enters <= self.now_s))[0]:
            self._enter(int(person))
        for person in np.nonzero(self._arrived())[0]:
            self._next(int(person))
        present = np.nonzero(self.inside)[0]
        if len(present):
            self._move(present, dt_s)

    def _move(self, who: NDArray[np.int64], dt_s: float) -> None:
        xy, velocity = self.xy[who], self.velocity[who]
        ahead = np.column_stack([np.cos(self.heading[who]), np.sin(self.heading[who])])
        pull = towards(xy, velocity, self.goal[who], self.speed[who], self.circles)
        velocity = velocity + dt_s * (pull + from_people(xy, ahead) + from_walls(xy, self.plan.walls, self.circles))
        pace = np.linalg.norm(velocity, axis=1)
        velocity *= np.minimum(1.0, 1.3 * self.speed[who] / np.maximum(pace, 1e-9))[:, None]
        at_rest = (self.dwell_until[who] > 0) & (np.linalg.norm(velocity, axis=1) < _REST_M_S)
        velocity[at_rest] = 0.0
        moved = settle(xy + dt_s * velocity, self.plan.walls, self.circles)
        self.velocity[who] = (moved - xy) / dt_s
        self.xy[who] = moved
        self._turn(who, dt_s)

    def _turn(self, who: NDArray[np.int64], dt_s: float) -> None:
        velocity = self.velocity[who]
        pace = np.linalg.norm(velocity, axis=1)
        wished = np.where(pace > 0.25, np.arctan2(velocity[:, 1], velocity[:, 0]), self.heading[who])
        off = (wished - self.heading[who] + np.pi) % (2 * np.pi) - np.pi
        self.heading[who] += np.clip(off, -4 * dt_s, 4 * dt_s)
        self.phase[who] += 2 * np.pi * pace * dt_s / (STRIDE_M * self.heights[who] / 1.75)
        stride = self.stride[who] + (np.minimum(1.0, pace / 1.35) - self.stride[who]) * min(1.0, 6 * dt_s)
        self.stride[who] = np.where(stride < 0.02, 0.0, stride)

    def _arrived(self) -> NDArray[np.bool_]:
        """Who has reached the goal and dwelt there; the longer a goal cannot be reached, the less near is near enough."""
        late = np.maximum(0.0, self.now_s - self.give_up)
        near = np.linalg.norm(self.xy - self.goal, axis=1) < np.minimum(0.35 + 0.2 * late, 2.5)
        there = [stage == "shop" and not ways for stage, ways in zip(self.stage, self.further, strict=True)]
        dwelling = np.array(there, dtype=bool)
        fresh = near & dwelling & (self.dwell_until == 0) & self.inside
        self.dwell_until[fresh] = self.now_s + self.random.uniform(4, 16, int(fresh.sum()))
        return np.asarray(self.inside & near & (~dwelling | (self.now_s > self.dwell_until)))

    def _start_inside(self, person: int) -> None:
        self.enters[person], self.inside[person], self.stage[person] = 0.0, True, "shop"
        self.leaves[person] = max(self.leaves[person] - self.enters[person], 0.0)
        self._go_shopping(person)
        self.xy[person] = self.goal[person]

    def _enter(self, person: int) -> None:
        if self.stage[person] == "gone":
            return
        door = self.plan.doors[self.random.integers(len(self.plan.doors))]
        aside = np.array([0.0, self.random.uniform(-0.9, 0.9)])
        spot = np.array(door.outside) + aside
        others = self.xy[self.inside]
        if len(others) and np.linalg.norm(others - spot, axis=1).min() < _ENTRY_FREE_M:
            return
        self.xy[person], self.inside[person] = spot, True
        way = np.array(door.inside) - spot
        self.heading[person] = np.arctan2(way[1], way[0])
        self.velocity[person] = self.speed[person] * way / np.linalg.norm(way)
        self._head_for(person, np.array(door.inside) + aside, "entering")

    def _next(self, person: int) -> None:
        stage = self.stage[person]
        if self.further[person]:
            self._turn_to(person, self.further[person].pop(0))
        elif stage == "leaving":
            self.inside[person], self.stage[person] = False, "gone"
        elif stage == "to door":
            self._head_for(person, self._door_near(self.xy[person])[0], "leaving")
        elif self.now_s >= self.leaves[person]:
            self._head_for(person, self._door_near(self.xy[person])[1], "to door")
        else:
            self._go_shopping(person)

    def _go_shopping(self, person: int) -> None:
        """Choose a stop that nobody has as a goal, nearer ones more often."""
        spots = self.plan.spots
        taken = np.zeros(len(spots), dtype=bool)
        for other in np.nonzero(self.inside)[0]:
            aim = [self.goal[other], *self.further[other]][-1]
            taken |= np.linalg.norm(spots - aim, axis=1) < 0.8
        weights = np.exp(-np.linalg.norm(spots - self.xy[person], axis=1) / 12.0) * np.where(taken, 1e-6, 1.0) + 1e-12
        self._head_for(person, spots[self.random.choice(len(spots), p=weights / weights.sum())], "shop")

    def _door_near(self, xy: Floats) -> tuple[Floats, Floats]:
        """The nearest door's outer and inner place, where one crosses it."""
        nearest = min(self.plan.doors, key=lambda door: float(np.linalg.norm(np.array(door.inside) - xy)))
        aside = [0.0, float(np.clip(xy[1] - nearest.inside[1], -0.9, 0.9))]
        return np.array(nearest.outside) + aside, np.array(nearest.inside) + aside

    def _head_for(self, person: int, goal: Floats, stage: str) -> None:
        """Go for a goal, by the passages between if it is in another room."""
        self.stage[person] = stage
        first, *self.further[person] = route(self.plan.rooms, self.xy[person], goal)
        self._turn_to(person, first)

    def _turn_to(self, person: int, goal: Floats) -> None:
        self.goal[person], self.dwell_until[person] = goal, 0.0
        expected_s = np.linalg.norm(goal - self.xy[person]) / self.speed[person]
        self.give_up[person] = self.now_s + 1.6 * expected_s + 2.0
