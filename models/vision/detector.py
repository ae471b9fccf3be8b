"""Detector: pictures in, people out. The port, and the one place that chooses what stands behind it.

Importing this module loads neither torch nor OpenVINO; `load` does.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from models.vision import weights
from models.world.errors import BadInput, NotInstalled

if TYPE_CHECKING:
    from models.vision.pictures import Picture

MIN_CONFIDENCE = 0.1
"""Detections below are dropped; trackers use weak ones, so they are kept down to here."""
MAX_OVERLAP = 0.45
"""Of two boxes with a larger IoU only the more confident is kept."""


@dataclass(frozen=True)
class Detections:
    """People in one picture: `boxes_px` (n, 4) float32 xyxy px within the picture; `confidence` (n,) float32, 0.1 to 1,
    falling.
    """

    boxes_px: NDArray[np.float32]
    confidence: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.confidence)


class Detector(Protocol):
    """Finds people in pictures."""

    def detect(self, pictures: "Iterable[Picture]") -> Iterator[Detections]:
        """The people of each picture, in order; the pictures may differ in size.

        Looks ahead no further than batches make it faster, and keeps no picture that is done.
        """
        ...


def load(name_or_path: str | Path, *, device: str = "auto", threads: int | None = None) -> Detector:
    """A detector from weights: `.pt` runs in ultralytics, OpenVINO folders, `.xml` and `.onnx` in OpenVINO.

    `device` is `auto`, `cpu` or `cuda` (`cuda:1`); `auto` takes a GPU where there is one and the weights can use it.
    `threads` bounds the CPU threads of one picture (1 unless given, so that one process uses one core).
    Raises BadInput for weights that are unknown or no person detector, NotInstalled for those that are not here.
    """
    wants_cuda = device.startswith("cuda") or (device == "auto" and _has_cuda())
    chosen = _on_gpu(name_or_path) if wants_cuda else weights.resolve(name_or_path)
    if chosen.path.suffix == ".pt":
        from models.vision.torch_detector import TorchDetector

        chip = device if device != "auto" else "cuda" if wants_cuda else "cpu"
        return TorchDetector(chosen.path, device=chip, threads=threads or 1)
    if chosen.path.is_dir() or chosen.path.suffix in (".xml", ".onnx"):
        if device.startswith("cuda"):
            raise BadInput(f"{chosen.path.name} cannot run on {device}: give .pt weights, or the device cpu")
        from models.vision.openvino_detector import OpenVinoDetector

        return OpenVinoDetector(chosen.path, threads=threads or 1)
    raise BadInput(f"{chosen.path} is no detector: expected .pt, .onnx, .xml or the folder of an OpenVINO model")


def _on_gpu(name_or_path: str | Path) -> weights.Weights:
    """The weights in the form that a GPU can run, where a name has one (`mall-people` -> `mall-people.pt`)."""
    as_torch = f"{name_or_path}.pt"
    if any(row.name == as_torch for row in weights.registry()):
        return weights.resolve(as_torch)
    return weights.resolve(name_or_path)


def _has_cuda() -> bool:
    if not Path("/proc/driver/nvidia/version").exists():
        return False  # Saves the seconds that importing torch takes.
    try:
        import torch
    except ImportError as error:
        raise NotInstalled("torch is missing although this machine has a GPU; pip install torch") from error
    return bool(torch.cuda.is_available())
