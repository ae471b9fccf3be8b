"""What can go wrong, as one tree. A message says what was seen, what was expected and what to do.

MallError
├── BadInput                 the caller can mend it
│   ├── BadSite              a site file or a calibration
│   ├── BadVideo             a file that is not a usable video
│   │   └── DecoderLost      its decoder was killed or hung: the video's fault, or not
│   ├── BadWindow            a time or a window
│   ├── BadParameter         a parameter of a question
│   ├── BadAddress           a webhook's address that must not be called
│   ├── BadEvaluationFile    detections, ground truth or a homography
│   ├── OverlappingSegment   two recordings of one camera at the same time
│   └── NotFound
│       ├── UnknownCamera
│       ├── UnknownSection
│       ├── UnknownQuestion
│       └── UnknownJob
├── NotRecorded              nothing was filmed in the window
├── NotExtracted             filmed, but not processed yet
├── OverBudget               finding it out would cost more than is allowed at once
├── Busy                     too much is waiting already; come back later
├── ResultNotReady           the job has not ended yet
├── ExtractionFailed         the job ended without an answer
├── Dismissed                the job was dismissed, so there is no answer
├── NotAllowed               no key, a wrong key, or a missing permission
├── NotDelivered             the receiver of a webhook did not take it
├── LeaseLost                somebody else has taken the work over; drop yours
├── StoreUnavailable         the database or the object store does not answer, or not in time
├── NoCapacity               the cluster cannot ever run this
└── NotInstalled             a program, weights or a service is missing
"""

from collections.abc import Mapping

from models.world.periods import Window, total_hours


class MallError(Exception):
    """Something the product expects may happen; its text is fit to be shown to a person."""


class BadInput(MallError):
    """The caller gave something that cannot be used."""


class BadSite(BadInput):
    """The site file or a calibration is wrong."""


class BadVideo(BadInput):
    """The file is not a video that can be decoded safely."""


class DecoderLost(BadVideo):
    """The decoder was killed or hung: the doing of the video, or of whoever killed it; only trying again can tell."""


class BadWindow(BadInput):
    """A time or a window cannot be used."""


class BadParameter(BadInput):
    """A parameter of a question is missing, unknown or of the wrong type."""

    def __init__(self, parameter: str, message: str) -> None:
        super().__init__(message)
        self.parameter = parameter


class BadAddress(BadInput):
    """A webhook must not be sent there: not the internet, or the receiver wants no more."""


class BadEvaluationFile(BadInput):
    """A file of detections, ground truth or a homography cannot be read."""


class OverlappingSegment(BadInput):
    """One camera cannot have recorded two files at the same time."""


class NotFound(BadInput):
    """The named thing does not exist."""


class UnknownCamera(NotFound):
    """No camera of the site has this id."""


class UnknownSection(NotFound):
    """No section of the site has this id."""


class UnknownQuestion(NotFound):
    """The catalogue has no such question."""


class UnknownJob(NotFound):
    """No job has this id, or it is somebody else's."""


class NotRecorded(MallError):
    """No camera has video in the window."""


class NotExtracted(MallError):
    """There is video in the window that has not been processed: an answer would be partial."""

    def __init__(self, missing: Mapping[str, list[Window]]) -> None:
        self.missing = dict(missing)
        self.camera_hours = sum(total_hours(windows) for windows in self.missing.values())
        cameras = ", ".join(sorted(self.missing))
        super().__init__(
            f"{self.camera_hours:.2f} camera-hours are recorded but not extracted (cameras: {cameras}); "
            "extract them first: mall extract --from .. --to .."
        )


class OverBudget(MallError):
    """Finding the answer out would cost more camera-hours of extraction than one question may."""

    def __init__(self, camera_hours: float, budget_camera_hours: float) -> None:
        self.camera_hours = camera_hours
        self.budget_camera_hours = budget_camera_hours
        super().__init__(
            f"{camera_hours:.2f} camera-hours would have to be extracted, and one question may order "
            f"{budget_camera_hours:g} at most; ask for a shorter window, or have it extracted: mall extract"
        )


class Busy(MallError):
    """There is more to do than is sensible to take on; come back in `retry_after_s` seconds."""

    def __init__(self, message: str, retry_after_s: int = 1) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class ResultNotReady(MallError):
    """The job has not ended yet."""


class ExtractionFailed(MallError):
    """The job has ended without an answer; the message is the reason."""


class Dismissed(MallError):
    """The job was dismissed before it had an answer."""


class NotAllowed(MallError):
    """The key is missing or wrong, or its owner lacks the permission."""


class NotDelivered(MallError):
    """The receiver of a webhook does not answer or does not take it; it may later."""


class LeaseLost(MallError):
    """The lease on a piece of work has passed to another worker."""


class StoreUnavailable(MallError):
    """The database or the object store does not answer or answers too late, or there is no schema yet."""


class NoCapacity(MallError):
    """The cluster is too small for the work, however long one waits."""


class NotInstalled(MallError):
    """A program, a service or weights are missing on this machine."""
