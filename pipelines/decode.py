"""From a video file to pictures with times: what is in it, and the frames at about the wanted rate.

Times come from the presentation times (pts) in the file, never from counting or from the rate in its header: the first
frame is at the start of the window, the end of the last at the end of it, and all between lie in proportion.
Where the keyframes are close enough only they are decoded, which takes a fraction of the work. An opened video gives
frames again and again, so that a first look can tell where to look closer.

Decoding happens in a guarded child (`pipelines.guard`), so a bad file ends in a `BadVideo`. A file that is readable
up to some point gives its frames first and `PartialVideo` then; the rest of its window is a gap.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.vision.pictures import I420, Bgr, Picture
from models.world.errors import BadVideo, DecoderLost
from models.world.periods import Window, from_epoch_s
from pipelines.guard import DecodeLimits, GuardedChild, Message
from pipelines.video_reading import I420_LAYOUT, NO_PTS

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

KEYFRAME_TOLERANCE = 1.05
"""Keyframes are taken for the wanted frames if they are at most this many sampling steps apart."""
_ENOUGH = 0.9
_LARGEST_FILE_MB = 65_536
_CUT_S = 1.0


@dataclass(frozen=True)
class Frame:
    """One picture: its 0-based number in presentation order, and when it was taken (epoch s)."""

    number: int
    taken_at_s: float
    picture: Picture

    @property
    def bgr(self) -> NDArray[np.uint8]:
        """Its pixels, (h, w, 3)."""
        return self.picture.bgr()


@dataclass(frozen=True)
class Probe:
    """What is in a video file, found by reading all of it (not by believing its header).

    frames              pictures in it
    promised_frames     what the header says there should be; more than `frames` if the file is cut off
    duration_s          by its own times, which may run at a wrong rate; None if it has none
    keyframe_interval_s the longest time between two keyframes, by its own times; None if it has none
    has_timestamps      each picture has a time of its own
    b_frames            pictures are stored in another order than shown
    damage              why reading ended early, or None
    """

    format: str
    codec: str
    width_px: int
    height_px: int
    frames: int
    promised_frames: int
    duration_s: float | None
    keyframe_interval_s: float | None
    has_timestamps: bool
    b_frames: bool
    damage: str | None

    @property
    def is_cut(self) -> bool:
        """Whether the file ends before its own header says so."""
        return self.damage is not None or self.promised_frames > self.frames


class PartialVideo(BadVideo):
    """Only a part of the wanted frames could be decoded: `decoded` of `wanted`, the last one taken at `until`."""

    def __init__(self, message: str, decoded: int, wanted: int, until: datetime | None) -> None:
        reach = f", up to {until.isoformat(timespec='milliseconds')}" if until else ""
        super().__init__(f"{message}; {decoded} of {wanted} wanted frames were decoded{reach}")
        self.decoded, self.wanted, self.until = decoded, wanted, until


def probe(path: Path, limits: DecodeLimits | None = None) -> Probe:
    """What is in the file. Raises BadVideo if it cannot be read at all."""
    with GuardedChild(path, limits or DecodeLimits()) as child:
        return _contents(path, child).probe()


def frames(
    path: Path,
    window: Window,
    *,
    sample_fps: float | None = None,
    numbers: slice | Sequence[int] | None = None,
    limits: DecodeLimits | None = None,
) -> Iterator[Frame]:
    """The frames of a file recorded over `window`, in order.

    Either about `sample_fps` a second (see `choose`), or those with these `numbers` in presentation order (a slice such
    as `slice(3, None, 7)`, or ascending numbers). Raises BadVideo if nothing can be read, PartialVideo after the last
    frame if the file is cut off or damaged so that over a tenth of the wanted frames is missing, and DecoderLost if the
    decoder was killed or hung.
    Close the generator to stop the decoder early.
    """
    with opened(path, window, limits) as video:
        if sample_fps is not None:
            chosen = video.samples(sample_fps)
        else:
            chosen = np.arange(len(video.taken_at_s))[slice(None) if numbers is None else numbers]
        yield from video.frames(chosen)


class OpenVideo:
    """A video file in the hands of its decoder; `taken_at_s` (n,) is when each of its frames was taken, epoch s, ascending."""

    def __init__(self, child: GuardedChild, contents: "_Contents", window: Window) -> None:
        self._child, self._contents = child, contents
        self._start_s = window.start_s
        self.taken_at_s = window.start_s + contents.offsets_s(window.seconds)

    def samples(self, sample_fps: float) -> Integers:
        """The numbers of the frames at about so many a second; see `choose`."""
        return choose(self.taken_at_s - self._start_s, self._contents.keyframes, sample_fps)

    def stand_alone(self, numbers: Integers) -> bool:
        """Whether these frames can be decoded one by one, without those between them."""
        return self._contents.stand_alone(numbers)

    def frames(self, numbers: Integers) -> Iterator[Frame]:
        """The frames with these ascending numbers; to be read to the end before others are asked for. Raises as `decode.frames`."""
        self._child.send(self._contents.task(numbers))
        return _received(self._child, self._contents, numbers, self.taken_at_s)


@contextmanager
def opened(path: Path, window: Window, limits: DecodeLimits | None = None) -> Iterator[OpenVideo]:
    """A file recorded over `window`, read once to know what is in it. Raises BadVideo and DecoderLost as `frames`."""
    with GuardedChild(path, limits or DecodeLimits()) as child:
        yield OpenVideo(child, _contents(path, child), window)


def reencode(path: Path, target: Path, fps: float, limits: DecodeLimits | None = None) -> None:
    """Write all pictures of a file, in presentation order and `fps` a second, to the MP4 file `target`.

    H.264 with a keyframe each second and no B-frames; about 40 ms of processor time for a full-HD picture.
    Raises BadVideo if the file cannot be decoded to its end.
    """
    allowed = replace(limits or DecodeLimits(), written_mb=_LARGEST_FILE_MB)
    with GuardedChild(path, allowed) as child:
        contents = _contents(path, child)
        child.send({"encode": str(target.resolve()), "fps": fps})
        failures = child.receive().fields["failures"]
    if failures > (1 - _ENOUGH) * len(contents.pts):
        raise BadVideo(
            f"{path}: {failures} of its {len(contents.pts)} pictures cannot be decoded; copy or export it again"
        )


def choose(offsets_s: Floats, keyframes: NDArray[np.bool_], sample_fps: float) -> Integers:
    """The numbers of the frames nearest to every `1 / sample_fps` seconds, each once.

    Only keyframes are taken if they are at most `KEYFRAME_TOLERANCE` steps apart, and at the ends half of that from every wanted time.

    offsets_s  (n,) s from the start, ascending
    keyframes  (n,) which of them are keyframes
    """
    targets = np.arange(0.0, offsets_s[-1] + 1e-6, 1 / sample_fps)
    keys = np.flatnonzero(keyframes)
    close = len(keys) > 0 and _longest_wait_s(offsets_s[keys], targets) * sample_fps <= KEYFRAME_TOLERANCE + 1e-6
    candidates = keys if close else np.arange(len(offsets_s))
    return np.unique(candidates[_nearest(offsets_s[candidates], targets)])


def _longest_wait_s(ascending: Floats, targets: Floats) -> float:
    """The longest time between two neighbours, or twice that from an end to the first or last target beyond it."""
    ends = max(ascending[0] - targets[0], targets[-1] - ascending[-1])
    return float(max(np.diff(ascending).max(initial=0.0), 2 * ends))


def _nearest(ascending: Floats, targets: Floats) -> Integers:
    after = np.clip(np.searchsorted(ascending, targets), 1, max(len(ascending) - 1, 1))
    after = np.minimum(after, len(ascending) - 1)
    before = np.maximum(after - 1, 0)
    return np.where(targets - ascending[before] <= ascending[after] - targets, before, after)


@dataclass(frozen=True)
class _Contents:
    """The packets of a file in presentation order: pts (their number where the file has none) and which are keyframes."""

    path: Path
    header: dict[str, Any]
    pts: Integers
    keyframes: NDArray[np.bool_]
    has_timestamps: bool
    b_frames: bool
    damage: str | None

    @property
    def period(self) -> float:
        """The mean distance of two frames, in ticks."""
        return float(self.pts[-1] - self.pts[0]) / (len(self.pts) - 1) if len(self.pts) > 1 else 1.0

    @property
    def promised_frames(self) -> int:
        count = int(self.header["frames"])
        if not count and self.has_timestamps and "matroska" in self.header["format"]:
            length = (self.header["duration_s"] or 0.0) / (self.header["tick_s"] or 1.0)
            missing = length - self.period * len(self.pts)
            if missing * self.header["tick_s"] > _CUT_S:
                count = round(length / self.period)
        return max(count, len(self.pts))

    def offsets_s(self, length_s: float) -> Floats:
        """When each frame was taken, (n,) s from the start, if the whole file took `length_s`."""
        return np.asarray((self.pts - self.pts[0]) * (length_s / (self.period * self.promised_frames)))

    def stand_alone(self, chosen: Integers) -> bool:
        return self.has_timestamps and bool(self.keyframes[chosen].all())

    def task(self, chosen: Integers) -> dict[str, Any]:
        wanted, alone = self.pts[chosen].tolist(), self.stand_alone(chosen)
        return {"wanted": wanted, "keyframes_only": alone, "timed": self.has_timestamps}

    def probe(self) -> Probe:
        tick_s = self.header["tick_s"]
        keys = self.pts[self.keyframes]
        gaps = np.diff(np.concatenate([self.pts[:1], keys, [self.pts[-1] + round(self.period)]]))
        return Probe(
            **{name: self.header[name] for name in ("format", "codec", "width_px", "height_px")},
            frames=len(self.pts),
            promised_frames=self.promised_frames,
            duration_s=self.period * len(self.pts) * tick_s if self.has_timestamps else None,
            keyframe_interval_s=float(gaps.max()) * tick_s if self.has_timestamps else None,
            has_timestamps=self.has_timestamps,
            b_frames=self.b_frames,
            damage=self.damage,
        )


def _contents(path: Path, child: GuardedChild) -> _Contents:
    header = dict(child.receive().fields)
    times = child.receive()
    count = times.fields["frames"]
    if not count:
        raise BadVideo(f"{path}: there is not a single picture in it ({times.fields['damage'] or 'it ends at once'})")
    pts = times.payload[: 8 * count].view(np.int64)
    keyframes = times.payload[8 * count :].astype(bool)
    order = np.argsort(pts, kind="stable")
    timed = bool(pts.min() != NO_PTS and (count == 1 or np.diff(pts[order]).min() > 0))
    return _Contents(
        path=path,
        header=header,
        pts=pts[order] if timed else np.arange(count),
        keyframes=keyframes[order] if timed else keyframes,
        has_timestamps=timed,
        b_frames=timed and bool((np.diff(pts) < 0).any()),
        damage=times.fields["damage"],
    )


def _received(child: GuardedChild, contents: _Contents, chosen: Integers, taken_at_s: Floats) -> Iterator[Frame]:
    numbers = dict(zip(contents.pts[chosen].tolist(), chosen.tolist(), strict=True))
    decoded, last = 0, None
    problem = None
    try:
        while (message := child.receive()).kind == "frame":
            last = numbers[message.fields["pts"]]
            yield Frame(last, float(taken_at_s[last]), _picture(message))
            decoded += 1
    except DecoderLost:
        raise  # says nothing about the file: the rest of it may be as good as what has come
    except BadVideo as error:
        problem = str(error)
    if contents.probe().is_cut:
        problem = problem or f"{contents.path}: the file is cut off or damaged"
    if decoded < _ENOUGH * len(chosen):
        problem = problem or f"{contents.path}: too much of it is damaged"
    if problem:
        until = None if last is None else from_epoch_s(float(taken_at_s[last]))
        raise PartialVideo(problem, decoded, len(chosen), until)


def _picture(message: Message) -> Picture:
    width, height = message.fields["width_px"], message.fields["height_px"]
    if message.fields["layout"] == I420_LAYOUT:
        return I420(message.payload, (width, height))
    return Bgr(message.payload.reshape(height, width, 3))
