"""OpenVinoDetector: detection on the CPU through OpenVINO, one compiled network per picture size."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import openvino
import yaml
from openvino import opset13
from openvino.preprocess import ColorFormat, PrePostProcessor

from models.vision import heads
from models.vision.detector import Detections
from models.vision.letterbox import Letterbox, fit, input_size
from models.vision.pictures import Picture, Size
from models.vision.weights import network_file
from models.world.errors import BadInput

PERSON = "person"
_COCO_CLASSES = 80
_SIZES_KEPT = 4


class OpenVinoDetector:
    """A YOLO network in OpenVINO on `threads` CPU threads.

    Pictures go in at the network's own input size if that is fixed, else in the smallest rectangle of whole strides
    that keeps their aspect; its longer side is the size that the network was exported with.
    """

    def __init__(self, path: Path, *, threads: int = 1) -> None:
        self._file = network_file(path)
        self._threads = threads
        self._described = _metadata(self._file)
        self._network = lru_cache(maxsize=_SIZES_KEPT)(self._compile)

    def detect(self, pictures: Iterable[Picture]) -> Iterator[Detections]:
        """The people of each picture, one by one: on a processor a batch gains nothing."""
        return map(self._detect, pictures)

    def input_px(self, picture: Size) -> Size:
        """The input, (width, height) px, in which pictures of a size are seen."""
        return self._network(picture)[1].input

    def _detect(self, picture: Picture) -> Detections:
        compiled, box, head, person = self._network(picture.size_px)
        output = np.asarray(compiled(box.place(picture)[None])[0])
        boxes, scores = head.read(output, person, box.input)
        found = heads.without_doubles(boxes, scores)
        return Detections(box.to_picture(found.boxes_px), found.confidence)

    def _compile(self, picture: Size) -> tuple[Any, Letterbox, heads.Head, int]:
        core = openvino.Core()
        model = core.read_model(self._file)
        input_px = _reshape(model, input_size(picture, self._long_side(model)))
        head, classes = heads.recognise(tuple(model.output(0).shape), input_px)
        compiled = core.compile_model(
            _with_pictures(model, head),
            "CPU",
            {
                "PERFORMANCE_HINT": "LATENCY",
                "NUM_STREAMS": "1",
                "INFERENCE_NUM_THREADS": self._threads,
                "INFERENCE_PRECISION_HINT": "f32",
            },
        )
        return compiled, fit(picture, input_px, centred=head.centred), head, self._person(classes)

    def _long_side(self, model: Any) -> int:
        if "imgsz" in self._described:
            return int(max(self._described["imgsz"]))
        shape = model.input(0).partial_shape
        return max(side.get_length() if side.is_static else 640 for side in (shape[2], shape[3]))

    def _person(self, classes: int) -> int:
        names = self._described.get("names")
        if names is None and classes in (0, 1, _COCO_CLASSES):
            return 0  # The only class, or COCO, whose first class is person.
        person = [int(index) for index, name in dict(names or {}).items() if name == PERSON]
        if not person:
            raise BadInput(f"{self._file} knows no class {PERSON!r}: give a detector of people (and its metadata.yaml)")
        return person[0]


def _metadata(file: Path) -> dict[str, Any]:
    beside = file.with_name("metadata.yaml")
    return dict(yaml.safe_load(beside.read_text())) if file.suffix == ".xml" and beside.exists() else {}


def _reshape(model: Any, wanted: Size) -> Size:
    """Set the model's input to (width, height) px where it can be changed; what it is afterwards."""
    shape = model.input(0).partial_shape
    if shape.is_static:
        own = (int(shape[3].get_length()), int(shape[2].get_length()))
        if own == wanted:
            return own
        _loosen(model, own, wanted)
    try:
        # Not model.reshape: it checks the loosened head against the old size first.
        model.input(0).get_node().set_partial_shape(openvino.PartialShape([1, 3, wanted[1], wanted[0]]))
        model.validate_nodes_and_infer_types()
    except RuntimeError as error:
        raise BadInput(f"the network cannot be set to pictures of {wanted[0]}x{wanted[1]} px: {error}") from error
    return wanted


def _loosen(model: Any, own: Size, wanted: Size) -> None:
    """Replace what a YOLO export of fixed size has baked into its head: the number of cells, their centres and strides."""
    cells = len(heads.grid(own)[0])
    corners, strides = heads.grid(wanted)
    for node in model.get_ordered_ops():
        if node.get_type_name() != "Constant":
            continue
        shape, old = tuple(node.output(0).shape), None
        if shape == (1, 2, cells):
            old = (corners.T + 0.5)[None]
        elif shape in ((1, cells), (1, 1, cells)):
            old = strides.T.reshape(*shape[:-1], -1)
        elif len(shape) == 1 and shape[0] <= 4 and cells in node.get_data():
            old = np.where(node.get_data() == cells, -1, node.get_data())
        if old is not None:
            new = opset13.constant(old, dtype=node.get_element_type()).output(0)
            for user in node.output(0).get_target_inputs():
                user.replace_source_output(new)


def _with_pictures(model: Any, head: heads.Head) -> Any:
    """The model taking uint8 BGR pictures, (1, height, width, 3): conversion becomes a part of the network."""
    changed = PrePostProcessor(model)
    tensor = changed.input(0).tensor()
    tensor.set_element_type(openvino.Type.u8).set_layout(openvino.Layout("NHWC")).set_color_format(ColorFormat.BGR)
    changed.input(0).model().set_layout(openvino.Layout("NCHW"))
    steps = changed.input(0).preprocess().convert_element_type(openvino.Type.f32)
    if head.rgb:
        steps = steps.convert_color(ColorFormat.RGB)
    if head.unit_range:
        steps.scale(255.0)
    return changed.build()
