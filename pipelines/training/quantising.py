"""From floating point to 8-bit integers: the form in which the shipped detector runs on a CPU."""

import importlib
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import openvino
from numpy.typing import NDArray

from models.world.errors import NotInstalled

CALIBRATION_PICTURES = 300
"""Pictures whose activations set the scales; more change nothing that can be measured."""
_ARITHMETIC = ("Add", "Sub", "Mul", "Div")


def quantise(exported: Path, pictures: Sequence[Path], target: Path) -> Path:
    """Write a detector's OpenVINO folder `exported` with INT8 weights and activations to the folder `target`.

    Post-training quantisation (Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient Integer-
    Arithmetic-Only Inference") by NNCF, scales set by what the network sees in `pictures` of its own input size. The arithmetic
    of the last layer stays in floating point: boxes are hundreds of pixels wide and exact to one. Raises NotInstalled.
    """
    nncf = load_nncf()
    (xml,) = exported.glob("*.xml")
    model = openvino.Core().read_model(xml)
    head = f".*model\\.{_last_layer(model)}/.*"
    quantised = nncf.quantize(
        model,
        nncf.Dataset(list(pictures[:CALIBRATION_PICTURES]), _seen),
        preset=nncf.QuantizationPreset.MIXED,
        subset_size=CALIBRATION_PICTURES,
        ignored_scope=nncf.IgnoredScope(
            patterns=[f"{head}{operation}.*" for operation in _ARITHMETIC], types=["Sigmoid"], validate=False
        ),
    )
    target.mkdir(parents=True, exist_ok=True)
    openvino.save_model(quantised, target / xml.name)
    shutil.copy(exported / "metadata.yaml", target)
    return target


def load_nncf() -> Any:
    """The library that quantises; nothing else needs it. Raises NotInstalled."""
    try:
        return importlib.import_module("nncf")
    except ImportError as error:
        raise NotInstalled('quantising needs NNCF: pip install "mall-tracking[training]"') from error


def _last_layer(model: Any) -> int:
    """The number of the last layer, as ultralytics counts them in the names of its exports."""
    names = (node.get_friendly_name().partition("model.")[2].partition("/")[0] for node in model.get_ordered_ops())
    return max(int(number) for number in names if number.isdigit())


def _seen(picture: Path) -> NDArray[np.float32]:
    """A picture as the network gets it: RGB, 0 to 1, (1, 3, h, w)."""
    rgb = np.asarray(cv2.imread(str(picture)))[:, :, ::-1]
    return np.ascontiguousarray(rgb.transpose(2, 0, 1)[None], dtype=np.float32) / np.float32(255)
