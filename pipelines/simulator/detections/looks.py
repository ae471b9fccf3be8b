"""How people look to cameras: embeddings, and how well they tell people apart."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.world.errors import BadInput
from pipelines.floor_detections import NOBODY
from pipelines.simulator.detections.watching import Rows

Vectors = NDArray[np.float32]
_GALLERY, _ROUNDS, _HALVINGS = 150, 40, 14
_TRACKLET, _DETECTION, _SHIFT, _GAIN = 1.0, 0.7, 0.6, 0.2
"""Lengths of the noise's parts beside that of an identity vector, 1, when the noise is 1; the gain is a share."""
_UNIFORM = 0.15
_MOST_NOISE = 8.0


@dataclass(frozen=True)
class Appearance:
    """Embeddings of `dimension` numbers (0: none) that find people in other cameras in a share `rank1` of cases.

    How that is measured is told at `Looks.rank1`. `uniforms` is the share of people in uniform, whose looks are
    nearly equal; they do not count for rank-1. Raises BadInput for impossible numbers.
    """

    dimension: int = 0
    rank1: float = 0.8
    uniforms: float = 0.0

    def __post_init__(self) -> None:
        if self.dimension != 0 and not 2 <= self.dimension <= 4096:
            raise BadInput(f"an embedding has 2 to 4096 numbers, or 0 for none; got {self.dimension}")
        if not 0.05 <= self.rank1 <= 0.999:
            raise BadInput(f"a rank-1 of .05 to .999 can be had; got {self.rank1}")
        if not 0 <= self.uniforms <= 1:
            raise BadInput(f"the share of people in uniform is 0 to 1; got {self.uniforms}")


@dataclass(frozen=True)
class Looks:
    """Everything that shapes embeddings.

    `people` (n, d) are identities; `gains` and `shifts` (cameras, d) each camera's cast; `tracklets` (k, 2, d) what each
    stay in a view adds: a plane in which the look wanders as the person turns and the light changes. `noise` is how long
    all that is beside an identity.
    """

    people: Vectors
    gains: Vectors
    shifts: Vectors
    noise: float
    tracklets: Vectors

    def of(self, rows: Rows, random: np.random.Generator) -> Vectors:
        """The embedding of each detection, (n, d) unit vectors; false ones look like somebody who never was."""
        dimension = self.people.shape[1]
        identity, stay = _vectors(len(rows), dimension, random), _vectors(len(rows), dimension, random)
        true = rows["person"] != NOBODY
        identity[true] = self.people[rows["person"][true]]
        first, second = self.tracklets[rows["tracklet"][true]].transpose(1, 0, 2)
        turn = rows["turn"][true, None]
        stay[true] = np.cos(turn) * first + np.sin(turn) * second
        return self._seen(identity, stay, rows["camera"], random)

    def _seen(
        self, identity: Vectors, stay: Vectors, camera: NDArray[np.integer], random: np.random.Generator
    ) -> Vectors:
        own = _vectors(len(identity), identity.shape[1], random)
        vectors = (identity + self.noise * _TRACKLET * stay) * (1 + self.noise * _GAIN * self.gains[camera])
        vectors += self.noise * (_SHIFT * self.shifts[camera] + _DETECTION * own)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)

    def rank1(self, random: np.random.Generator) -> float:
        """How often the nearest embedding is the right one, over all cameras.

        Each of 40 rounds takes the next camera in an order drawn once, and draws 150 strangers without uniforms. The
        queries are one detection of each of them in this camera; the gallery is one detection of each of them in
        another camera, drawn for each person. A query is right if the gallery's vector with the largest cosine is of
        the same person. The result is the share of right ones among all 6,000.
        """
        cameras = random.permutation(len(self.gains))
        return float(np.mean([self._round(int(cameras[number % len(cameras)]), random) for number in range(_ROUNDS)]))

    def _round(self, camera: int, random: np.random.Generator) -> float:
        cameras, dimension = self.gains.shape
        people = _vectors(_GALLERY, dimension, random)
        asked = np.full(_GALLERY, camera)
        others = (asked + random.integers(1, cameras, _GALLERY)) % cameras
        query, gallery = (
            self._seen(people, _vectors(_GALLERY, dimension, random), camera, random) for camera in (asked, others)
        )
        return float(np.mean((query @ gallery.T).argmax(axis=1) == np.arange(_GALLERY)))


def dress(appearance: Appearance, people: int, cameras: int, tracklets: int, random: np.random.Generator) -> Looks:
    """People and cameras, at least 2, with the noise that gives the wanted rank-1."""
    identities = _vectors(people, appearance.dimension, random)
    uniformed = random.permutation(people) < round(appearance.uniforms * people)
    identities[uniformed] = _vectors(1, appearance.dimension, random) + _UNIFORM * identities[uniformed]
    gains = random.standard_normal((cameras, appearance.dimension), dtype=np.float32)
    shifts = _vectors(cameras, appearance.dimension, random)
    stays = _vectors(2 * tracklets, appearance.dimension, random).reshape(tracklets, 2, appearance.dimension)
    noise = _noise_for(appearance.rank1, gains, shifts, int(random.integers(2**31)))
    return Looks(identities, gains, shifts, noise, stays)


def _noise_for(rank1: float, gains: Vectors, shifts: Vectors, seed: int) -> float:
    """The noise that gives this rank-1, by halving an interval; every trial has the same draws."""
    nobody = np.zeros((0, gains.shape[1]), np.float32)
    low, high = 0.0, _MOST_NOISE
    for _ in range(_HALVINGS):
        noise = (low + high) / 2
        tried = Looks(nobody, gains, shifts, noise, nobody[:, None])
        low, high = (noise, high) if tried.rank1(np.random.default_rng(seed)) > rank1 else (low, noise)
    return (low + high) / 2


def _vectors(count: int, dimension: int, random: np.random.Generator) -> Vectors:
    """Vectors in all directions, of length 1 in the mean of squares, (count, dimension)."""
    return random.standard_normal((count, dimension), dtype=np.float32) / np.float32(np.sqrt(dimension))
