"""The network of the describer: trained on crops of simulated people, exported for OpenVINO."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import cv2
import numpy as np
import openvino
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from models.vision.colours import name_pixels, to_lab
from models.vision.describer import HEIGHT, WEIGHTS, WIDTH, Describer
from models.vision.pictures import Bytes
from models.vision.weights import digest
from models.world.attributes import COLOURS, DEFINED, REGISTRY, UNKNOWN
from pipelines import steps
from pipelines.training.networks import channels_first, layer, places, relit, save
from pipelines.training.pictures import HELD_OUT_SEED, crops_of, write_pictures

COLOURED = tuple(key for key, one in REGISTRY.items() if one.head == "colour")
ROWS: Mapping[str, slice] = MappingProxyType(
    {key: slice(int(one.rows[0] * HEIGHT), int(one.rows[1] * HEIGHT)) for key, one in REGISTRY.items() if one.rows}
)
"""For each attribute of a head of bands, the rows of the crop, of `HEIGHT`, that show it."""
MIN_HEIGHT_PX = min(one.min_height_px for one in REGISTRY.values())
RELIT = 0.13
"""Standard deviation of the exposure in which a crop is shown anew each time; white balances a third of it."""
HIDDEN_WEIGHT = 0.3
"""How much an attribute that is hidden counts in training: its answer should be that all values are as likely."""
_CELL = 4
_AROUND = 2
"""Places beside the garments that are looked for because they show the light, such as floor and skin."""
_BATCH = 64


@dataclass(frozen=True)
class TrainedDescriber:
    """What training gave: the OpenVINO folder, its digest for the registry, and by attribute `right_shares` on held-out pictures."""

    folder: Path
    sha256: str
    right: Mapping[str, float]


class Looker(nn.Module):
    """Looks for clothes and names the colour of what it finds; looks at a band of the crop, and at the face for comparison, for all else.

    The colours' names come in from outside (`colours.name_pixels`): learned is *where* to look, how sure to be, and by how much
    the light that shows on floor and skin turns the names. In: CIELAB (n, 3, 96, 48) and names (n, 11, 96, 48). Out: for each
    defined attribute, in their order, the probabilities of its values (n, values).
    """

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(5, 16, 3, 2, 1), nn.ReLU(), nn.Conv2d(16, 24, 3, 2, 1), nn.ReLU(),
            nn.Conv2d(24, 32, 3, padding=2, dilation=2), nn.ReLU(), nn.Conv2d(32, 32, 3, padding=3, dilation=3), nn.ReLU(),
        )  # fmt: skip
        self.where, self.sure = nn.Conv2d(32, len(COLOURED) + _AROUND, 1), nn.Linear(32, len(COLOURED))
        turn = nn.Linear(32, len(COLOURS))
        nn.init.zeros_(turn.weight)  # the names begin as they are defined
        nn.init.zeros_(turn.bias)
        self.light = nn.Sequential(nn.Linear(3 + 3 * _AROUND + len(COLOURS), 32), nn.ReLU(), turn)
        self.bands = nn.ModuleDict({key: Band(len(DEFINED[key]), ROWS[key].stop - ROWS[key].start) for key in ROWS})
        self.grey = nn.Buffer(torch.tensor([50.0, 0.0, 0.0]).view(1, 3, 1, 1))
        self.position = places(HEIGHT, WIDTH)

    def forward(self, lab: Tensor, names: Tensor) -> tuple[Tensor, ...]:
        """Probabilities of the values of each attribute."""
        seen = (lab - self.grey) / 30
        position = self.position.expand(seen.shape[0], -1, -1, -1)
        answers = dict(zip(COLOURED, self._clothes(seen, names, position).unbind(dim=1), strict=True))
        face = seen[:, :, 8:20, 16:32].mean(dim=(2, 3), keepdim=True)
        for key, band in self.bands.items():
            rows = seen[:, :, ROWS[key]]
            answers[key] = band(torch.cat([rows, face - rows, position[:, :, ROWS[key]]], dim=1)).softmax(dim=1)
        return tuple(answers[key] for key in DEFINED)

    def _clothes(self, seen: Tensor, names: Tensor, position: Tensor) -> Tensor:
        """The probabilities of the colours of each garment, (n, garments, 11)."""
        body = self.body(torch.cat([seen, position], dim=1))
        attention = self.where(body).flatten(2).softmax(dim=2)
        shares = attention[:, : len(COLOURED)] @ nn.functional.avg_pool2d(names, _CELL).flatten(2).transpose(1, 2)
        shown = attention @ nn.functional.avg_pool2d(seen, _CELL).flatten(2).transpose(1, 2)
        sure = nn.functional.softplus(self.sure(body.flatten(2).mean(dim=2)))[:, :, None]
        logs = torch.log(shares + 1e-3)
        around = shown[:, len(COLOURED) :].flatten(1)[:, None].expand(-1, len(COLOURED), -1)
        turned = self.light(torch.cat([shown[:, : len(COLOURED)], around, logs / 3], dim=2))
        named: Tensor = (sure * logs + turned).softmax(dim=2)
        return named


class Band(nn.Module):
    """Tells values by what is seen anywhere in so many rows of the crop: (n, 8, rows, 48) to scores (n, values).

    Narrow bands hold small things and are looked at more finely.
    """

    def __init__(self, values: int, rows: int) -> None:
        super().__init__()
        first, second = (1, 2) if rows <= HEIGHT // 2 else (2, 1)
        self.layers = nn.Sequential(
            *layer(8, 16, first), *layer(16, 24, second), *layer(24, 32), nn.MaxPool2d(2),
            *layer(32, 48), *layer(48, 48), nn.MaxPool2d(2), *layer(48, 48),
        )  # fmt: skip
        self.answer = nn.Sequential(nn.Dropout(0.2), nn.Linear(96, values))

    def forward(self, rows: Tensor) -> Tensor:
        """The scores, which softmax makes probabilities."""
        found = self.layers(rows)
        answer: Tensor = self.answer(torch.cat([found.amax(dim=(2, 3)), found.mean(dim=(2, 3))], dim=1))
        return answer


def train_describer(
    out_dir: Path, seed: int = 1, *, pictures: int = 1440, held_out: int = 120, epochs: int = 14
) -> TrainedDescriber:
    """Train on the crops of `pictures` pictures of a seed; write `mall-describer_openvino_model` and say how right it is.

    Into `out_dir` go the pictures too. About 15 minutes of one core as it stands.
    """
    torch.set_num_threads(1)  # The network is small: threads that wait for each other take several times as long.
    write_pictures(out_dir / "train", seed, pictures)
    write_pictures(out_dir / "val", seed + HELD_OUT_SEED, held_out)
    folder = export(fit(*examples(out_dir / "train", seed), seed=seed, epochs=epochs), out_dir)
    return TrainedDescriber(
        folder, digest(folder), right_shares(Describer(folder, keys=DEFINED), out_dir / "val", seed)
    )


def right_shares(describer: steps.Describer, folder: Path, seed: int) -> dict[str, float]:
    """By attribute, the share (0 to 1) of the crops that show it whose most probable value is the true one; each crop alone."""
    right: dict[str, list[bool]] = {key: [] for key in DEFINED}
    for cut, person in crops_of(folder, seed, MIN_HEIGHT_PX):
        (evidence,) = describer.describe([cut])
        for key, likely in evidence.items():
            if person[key] != UNKNOWN:
                right[key].append(max(likely, key=lambda value: likely[value]) == person[key])
    return {key: sum(answers) / max(1, len(answers)) for key, answers in right.items()}


def examples(folder: Path, seed: int) -> tuple[Bytes, NDArray[np.int64]]:
    """All crops, uint8 (n, 96, 48, 3) BGR, and the number of the value of each attribute, (n, attributes), -1 where hidden."""
    crops, words = [], []
    for cut, person in crops_of(folder, seed, MIN_HEIGHT_PX):
        crops.append(cv2.resize(cut, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA))
        words.append([-1 if person[key] == UNKNOWN else values.index(person[key]) for key, values in DEFINED.items()])
    numbers = np.array(words, dtype=np.int64).reshape(-1, len(DEFINED))
    return np.array(crops, dtype=np.uint8).reshape(-1, HEIGHT, WIDTH, 3), numbers


def fit(crops: Bytes, words: NDArray[np.int64], *, seed: int, epochs: int) -> Looker:
    """A network that has seen every crop `epochs` times, half of them mirrored, in other light each time."""
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    network, steps = Looker(), epochs * -(-len(crops) // _BATCH)
    bands = list(network.bands.parameters())
    clothes = [one for name, one in network.named_parameters() if not name.startswith("bands.")]
    optimiser = torch.optim.AdamW([{"params": clothes}, {"params": bands}], weight_decay=0.02)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, [6e-3, 4e-3], total_steps=steps)
    for _ in range(epochs):
        order = random.permutation(len(crops))
        for start in range(0, len(crops), _BATCH):
            rows = order[start : start + _BATCH]
            lit = relit(crops[rows], RELIT, random).astype(np.uint8)
            optimiser.zero_grad()
            loss(network(*inputs(lit[:, :, :: random.choice([-1, 1])])), torch.from_numpy(words[rows])).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            rate.step()
    return network.eval()


def inputs(crops: Bytes) -> tuple[Tensor, Tensor]:
    """What the network takes: CIELAB and the names of the pixels, channels first."""
    crops = np.ascontiguousarray(crops)
    return channels_first(to_lab(crops)), channels_first(name_pixels(crops))


def loss(answers: Sequence[Tensor], words: Tensor) -> Tensor:
    """Cross entropy against the truth where it is known, against "all as likely" where the part is hidden."""
    total = torch.zeros(())
    for column, answer in enumerate(answers):
        logs, known = torch.log(answer + 1e-6), words[:, column] >= 0
        right = -logs.gather(1, words[:, column : column + 1].clamp(min=0))[:, 0]
        total = total + torch.where(known, right, HIDDEN_WEIGHT * -logs.mean(dim=1)).mean()
    return total


def export(network: Looker, out_dir: Path) -> Path:
    """The network as an OpenVINO folder, FP16, for any number of crops."""
    shapes = [(3, HEIGHT, WIDTH), (len(COLOURS), HEIGHT, WIDTH)]
    model = openvino.convert_model(
        network,
        example_input=tuple(torch.rand(2, *shape) for shape in shapes),
        input=[[-1, *shape] for shape in shapes],
    )
    for key, answer in zip(DEFINED, model.outputs, strict=True):
        answer.get_tensor().set_names({key})
    return save(model, out_dir, WEIGHTS)
