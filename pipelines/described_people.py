"""The people of simulated halls as extraction has them: detected, their best crops chosen, and described, beside what they truly wear."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from models.vision import describer as describing
from models.vision.crops import crop
from models.vision.describer import Values
from models.vision.detector import Detections, Detector
from models.vision.pictures import Bgr, Bytes
from models.vision.tracker import Tracks
from pipelines import choosing, scoring, steps
from pipelines.candidates import Candidates
from pipelines.decode import Frame
from pipelines.simulator.moments import Hall, Moment

MIN_CONFIDENCE = 0.25
SAME_BOX = 0.5
"""A detection is of the person whose box it meets with this IoU."""
LEAST_VISIBLE = 0.05
LONGEST_GAP_S = 5
"""Who is not detected for longer starts another tracklet."""
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class DescribedPerson:
    """What somebody truly wears, the evidence of each tracklet, and the crops that it comes from."""

    name: str
    truth: Mapping[str, str]
    evidence: tuple[Mapping[str, Mapping[str, float]], ...]
    crops: tuple[Bytes, ...]

    def decided(self, values: Values) -> dict[str, tuple[str, float]]:
        """By attribute, what all tracklets together say and how surely, as it is loaded."""
        return describing.decide(self.evidence, values)


@dataclass(frozen=True)
class Told:
    """What was decided about one attribute of one person, and how surely."""

    person: DescribedPerson
    key: str
    value: str
    confidence: float

    @property
    def truth(self) -> str:
        """The true value."""
        return self.person.truth[self.key]

    @property
    def right(self) -> bool:
        """Whether that is what was decided."""
        return self.value == self.truth


def describe_hall(
    hall: Hall, name: str, detector: Detector, describer: steps.Describer, values: Values
) -> Iterator[DescribedPerson]:
    """Everybody of whom there is at least one crop."""
    crops: dict[int, list[list[Bytes]]] = defaultdict(list)
    for camera in range(len(hall.views)):
        for person, tracklet in _tracklets(list(hall.moments(camera)), detector):
            crops[person].append(tracklet)
    for person, tracklets in sorted(crops.items()):
        evidence = tuple(describing.combine(describer.describe(one), values) for one in tracklets)
        pictures = tuple(picture for tracklet in tracklets for picture in tracklet)
        yield DescribedPerson(f"{name}-{person + 1}", hall.looks[person].attributes, evidence, pictures)


def _tracklets(moments: Sequence[Moment], detector: Detector) -> Iterator[tuple[int, list[Bytes]]]:
    """Person and chosen crops of every tracklet of one camera, as JPEG keeps them."""
    candidates, owners, seconds = Candidates(_NoLooks()), list[int](), list[int]()
    pictures = [Bgr(moment.bgr) for moment in moments]
    for moment, picture, found in zip(moments, pictures, detector.detect(pictures), strict=True):
        sure = found.confidence >= MIN_CONFIDENCE
        people = Detections(found.boxes_px[sure], found.confidence[sure])
        crops = [crop(picture, box) for box in people.boxes_px]
        candidates.add(Frame(moment.second, float(moment.second), picture), people, crops)
        owners += _owners(people, moment)
        seconds += [moment.second] * len(people)
    people_of, tracks = _tracks(np.array(owners, dtype=np.int64), np.array(seconds, dtype=np.int64))
    table = candidates.table()
    for number, rows in choosing.best_crops(table, tracks).items():
        if len(rows):
            yield people_of[number], [steps.decoded(table["crop"][int(row)].as_py()) for row in rows]


def _owners(people: Detections, moment: Moment) -> list[int]:
    """The number of the person whom each detection shows, -1 for nobody."""
    owners, seen = np.full(len(people), -1), moment.visible >= LEAST_VISIBLE
    if len(people) and seen.any():
        overlap = scoring.box_overlap(_sized(people.boxes_px.astype(np.float64)), _sized(moment.boxes_px[seen]))
        rows, columns = linear_sum_assignment(overlap, maximize=True)
        same = overlap[rows, columns] >= SAME_BOX
        owners[rows[same]] = moment.people[seen][columns[same]]
    return [int(owner) for owner in owners]


def _sized(boxes_px: NDArray[np.float64]) -> NDArray[np.float64]:
    """Boxes xyxy as left, top, width, height."""
    return np.hstack([boxes_px[:, :2], boxes_px[:, 2:] - boxes_px[:, :2]])


def _tracks(owners: Ints, seconds: Ints) -> tuple[list[int], Tracks]:
    """Whom each track is of, and the tracks: the detections of one person without a long gap. Places are left empty."""
    people, number, detection = list[int](), list[int](), list[int]()
    for person in np.unique(owners[owners >= 0]).tolist():
        rows = np.nonzero(owners == person)[0]
        for part in np.split(rows, np.flatnonzero(np.diff(seconds[rows]) > LONGEST_GAP_S) + 1):
            number += [len(people)] * len(part)
            detection += part.tolist()
            people.append(person)
    count, frame = len(number), seconds[detection].astype(np.int32) if detection else np.zeros(0, np.int32)
    xy_m, velocity_mps, covariance_m2 = (np.zeros((count, columns)) for columns in (2, 2, 3))
    return people, Tracks(
        np.array(number, np.int32),
        frame,
        frame.astype(np.float64),
        np.zeros((count, 4), np.float32),
        np.ones(count, np.float32),
        xy_m,
        velocity_mps,
        covariance_m2,
        np.array(detection, np.int32),
    )


class _NoLooks:
    """Stands in for what people look like, which nothing here asks for."""

    def embed(self, crops_bgr: Sequence[Bytes]) -> NDArray[np.float32]:
        return np.zeros((len(crops_bgr), 1), np.float32)
