"""TorchDetector: detection through ultralytics and torch, for GPUs and for weights that are not exported."""

import importlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.vision.detector import MAX_OVERLAP, MIN_CONFIDENCE, Detections
from models.vision.pictures import Picture
from models.world.errors import BadInput

_BATCH = 16


def open_yolo(path: Path | str) -> Any:
    """An ultralytics YOLO object that calls nobody: no downloads, no settings sent, no installation by itself."""
    os.environ.setdefault("YOLO_OFFLINE", "true")
    os.environ.setdefault("YOLO_AUTOINSTALL", "false")
    os.environ.setdefault("YOLO_VERBOSE", "false")
    os.environ.setdefault("YOLO_CONFIG_DIR", str(Path(tempfile.gettempdir()) / f"mall-ultralytics-{os.getuid()}"))
    Path(os.environ["YOLO_CONFIG_DIR"]).mkdir(parents=True, exist_ok=True)
    ultralytics: Any = importlib.import_module("ultralytics")
    ultralytics.settings.update({"sync": False})
    return ultralytics.YOLO(str(path), task="detect", verbose=False)


class TorchDetector:
    """A `.pt` of ultralytics on `device` (`cpu`, `cuda`, `cuda:1`), pictures in batches of equal size."""

    def __init__(self, path: Path, *, device: str = "cpu", threads: int = 1) -> None:
        self._yolo = open_yolo(path)
        self._device = device
        self._person = [index for index, name in self._yolo.names.items() if name == "person"]
        if not self._person:
            raise BadInput(f"{path} knows no class 'person': give a detector of people")
        if device == "cpu":
            import torch

            torch.set_num_threads(threads)

    def detect(self, pictures: Iterable[Picture]) -> Iterator[Detections]:
        """The people of each picture, found in batches."""
        colours = (picture.bgr() for picture in pictures)
        while batch := list(islice(colours, _BATCH)):
            yield from self._detect(batch)

    def _detect(self, frames: list[NDArray[np.uint8]]) -> list[Detections]:
        results = self._yolo.predict(
            frames,
            conf=MIN_CONFIDENCE,
            iou=MAX_OVERLAP,
            classes=self._person,
            imgsz=self._yolo.overrides.get("imgsz", 640),
            device=self._device,
            verbose=False,
            save=False,
        )
        return [_read(result) for result in results]


def _read(result: Any) -> Detections:
    boxes = result.boxes.xyxy.cpu().numpy().astype(np.float32)
    return Detections(boxes, result.boxes.conf.cpu().numpy().astype(np.float32))
