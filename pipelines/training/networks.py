"""What the networks that look at crops have in common: layers, light, and how they are written for OpenVINO."""

from pathlib import Path
from typing import Any

import numpy as np
import openvino
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from models.vision.pictures import Bytes


def layer(before: int, after: int, stride: int = 1) -> list[nn.Module]:
    """A convolution of 3 x 3 with what follows it."""
    return [nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]


def places(height: int, width: int) -> nn.Buffer:
    """How far down and across each pixel of a crop is, -1 to 1, (1, 2, height, width)."""
    down, across = torch.meshgrid(torch.linspace(-1, 1, height), torch.linspace(-1, 1, width), indexing="ij")
    return nn.Buffer(torch.stack([down, across])[None])


def channels_first(pixels: NDArray[np.float32]) -> Tensor:
    """Pictures, (n, h, w, c), as networks take them, (n, c, h, w)."""
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(0, 3, 1, 2)))


def relit(crops: Bytes, spread: float, random: np.random.Generator) -> NDArray[np.float64]:
    """The crops, (n, h, w, 3), each in another exposure (a standard deviation of `spread`) and white balance (a third of it), 0-255."""
    gains = random.normal(1, spread, (len(crops), 1, 1, 1)) * random.normal(1, spread / 3, (len(crops), 1, 1, 3))
    return np.asarray(np.clip(crops * gains, 0, 255), dtype=np.float64)


def save(model: Any, out_dir: Path, name: str) -> Path:
    """The OpenVINO model in a folder of its own in `out_dir`, FP16."""
    folder = out_dir / f"{name}_openvino_model"
    folder.mkdir(parents=True, exist_ok=True)
    openvino.save_model(model, folder / f"{name}.xml", compress_to_fp16=True)
    return folder
