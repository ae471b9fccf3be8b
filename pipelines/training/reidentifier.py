"""The network of the reidentifier: trained to tell simulated people apart, before any camera and in any light; exported for OpenVINO.

Learned is a space in which crops of one person lie together and those of others apart (supervised contrastive learning, Khosla et al.
2020), from level parts of the crop that are looked at one by one, as what is worn where tells people apart (Sun et al. 2018,
"Beyond part models", PCB).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import openvino
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from models.vision.pictures import Bytes
from models.vision.reidentifier import DEFAULT, Reidentifier, load
from models.vision.weights import digest
from pipelines.training.networks import channels_first, layer, places, relit, save
from pipelines.training.pictures import HELD_OUT_SEED, PERSON, crops_of, write_pictures

HEIGHT, WIDTH = 96, 48
DIMENSIONS = 64
PARTS = 6
"""Level parts of the crop, from head to foot."""
MIN_HEIGHT_PX = 24.0
"""Lower crops say too little of who it is to learn from."""
RECURRING, HELD_OUT = 800, 150
"""People of each seed to learn from, each in eight or nine pictures, and people to try it on."""
RELIT = 0.08
"""Standard deviation of the exposure in which a crop is shown anew each time, beside that of its camera; white balances a third of it."""
_PEOPLE, _CROPS = 48, 4
"""People of a batch, and crops of each."""
_SHARPNESS = 10.0
"""By what the likeness, a cosine, is multiplied; the inverse of the temperature."""


@dataclass(frozen=True)
class TrainedReidentifier:
    """What training gave: the OpenVINO folder, its digest for the registry, and `rank_one` on held-out people."""

    folder: Path
    sha256: str
    rank_one: float


class Likeness(nn.Module):
    """BGR 0-255 (n, 3, 96, 48) to unit vectors (n, 64)."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *layer(5, 24, 2), *layer(24, 32, 2), _Residual(32), *layer(32, 64, 2), _Residual(64), _Residual(64),
        )  # fmt: skip
        self.parts = nn.AdaptiveAvgPool2d((PARTS, 1))
        self.strongest = nn.AdaptiveMaxPool2d((PARTS, 1))
        self.answer = nn.Sequential(nn.Dropout(0.2), nn.Linear(2 * PARTS * 64, DIMENSIONS), nn.BatchNorm1d(DIMENSIONS))
        self.position = places(HEIGHT, WIDTH)

    def forward(self, bgr: Tensor) -> Tensor:
        """Crops of one person lie close together."""
        seen = torch.cat([bgr / 64 - 2, self.position.expand(bgr.shape[0], -1, -1, -1)], dim=1)
        body = self.body(seen)
        found = torch.cat([self.parts(body), self.strongest(body)], dim=1).flatten(1)
        return nn.functional.normalize(self.answer(found), dim=1)


class _Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(*layer(channels, channels), *layer(channels, channels)[:-1])

    def forward(self, seen: Tensor) -> Tensor:
        return nn.functional.relu(seen + self.layers(seen))


def train_reidentifier(
    out_dir: Path, seed: int = 1, *, pictures: int = 4320, held_out: int = 160, batches: int = 4200
) -> TrainedReidentifier:
    """Train on the crops of `pictures` pictures of people who recur; write `mall-reidentifier_openvino_model` and say how good it is.

    Into `out_dir` go the pictures too. About 45 minutes of one core as it stands.
    """
    torch.set_num_threads(1)
    write_pictures(out_dir / "train", seed, pictures, recurring=RECURRING)
    write_pictures(out_dir / "val", seed + HELD_OUT_SEED, held_out, recurring=HELD_OUT)
    folder = export(fit(*examples(out_dir / "train", seed), seed=seed, batches=batches), out_dir)
    return TrainedReidentifier(folder, digest(folder), rank_one(load(folder), out_dir / "val", seed))


def examples(folder: Path, seed: int) -> tuple[Bytes, NDArray[np.int64]]:
    """All crops of people, uint8 (n, 96, 48, 3) BGR, and the number of the person on each, (n,)."""
    crops, names = [], []
    for cut, person in crops_of(folder, seed, MIN_HEIGHT_PX):
        crops.append(cv2.resize(cut, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA))
        names.append(person[PERSON])
    numbers = np.unique(names, return_inverse=True)[1].astype(np.int64)
    return np.array(crops, dtype=np.uint8).reshape(-1, HEIGHT, WIDTH, 3), numbers


def rank_one(reidentifier: Reidentifier, folder: Path, seed: int) -> float:
    """The share (0 to 1) of crops whose likest other crop, of any picture but their own, shows the same person.

    Those who are in one picture only are nobody's, but may be taken for somebody.
    """
    crops, names = zip(*((cut, person[PERSON]) for cut, person in crops_of(folder, seed, MIN_HEIGHT_PX)), strict=True)
    vectors, people = reidentifier.embed(crops), np.unique(names, return_inverse=True)[1]
    likeness = vectors @ vectors.T
    np.fill_diagonal(likeness, -np.inf)
    again = np.bincount(people)[people] > 1
    return float((people[likeness.argmax(axis=1)] == people)[again].mean())


def fit(crops: Bytes, people: NDArray[np.int64], *, seed: int, batches: int) -> Likeness:
    """A network that has seen so many batches, half of the crops mirrored, in other light each time."""
    torch.manual_seed(seed)
    network = Likeness()
    optimiser = torch.optim.AdamW(network.parameters(), weight_decay=0.02)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=batches)
    for rows in _batches(people, np.random.default_rng(seed), batches):
        shown = _shown(crops[rows], np.random.default_rng([seed, *rows[:4]]))
        optimiser.zero_grad()
        loss(network(shown), torch.from_numpy(people[rows])).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        rate.step()
    return network.eval()


def loss(vectors: Tensor, people: Tensor) -> Tensor:
    """For each crop, the cross entropy of "which other crop is the same person's", over all who are (Khosla et al. 2020, equation 2)."""
    own = torch.eye(len(people), dtype=torch.bool)
    likeness = (_SHARPNESS * vectors @ vectors.T).masked_fill(own, -1e4)
    same = (people[:, None] == people) & ~own
    return -(likeness.log_softmax(dim=1) * same).sum(dim=1).div(same.sum(dim=1).clamp(min=1)).mean()


def export(network: Likeness, out_dir: Path) -> Path:
    """The network as an OpenVINO folder, FP16, for any number of crops."""
    shape = (3, HEIGHT, WIDTH)
    model = openvino.convert_model(network, example_input=torch.rand(2, *shape), input=[[-1, *shape]])
    return save(model, out_dir, DEFAULT)


def _batches(people: NDArray[np.int64], random: np.random.Generator, count: int) -> Iterator[NDArray[np.intp]]:
    """Rows of several people, several of each."""
    rows_of = [np.flatnonzero(people == one) for one in range(people.max() + 1)]
    several = [rows for rows in rows_of if len(rows) > 1]
    for _ in range(count):
        chosen = random.choice(len(several), min(_PEOPLE, len(several)), replace=False)
        yield np.concatenate([random.permutation(several[one])[:_CROPS] for one in chosen])


def _shown(crops: Bytes, random: np.random.Generator) -> Tensor:
    lit = relit(crops, RELIT, random).astype(np.float32)
    mirrored = random.random(len(crops)) < 0.5
    lit[mirrored] = lit[mirrored, :, ::-1]
    return channels_first(lit)
