"""The answer, its passport and coverage as documents of plain values, whatever format carries them."""

from collections.abc import Iterable, Iterator, Sequence

from models.world.periods import Window
from serve.logic.desk import Answered
from serve.logic.known import CameraKnowledge, Gap, Knowledge
from serve.logic.passport import Passport
from serve.presentation.json_text import listed, within
from serve.presentation.values import plain

Document = dict[str, object]


def answer_document(answered: Answered, links: Sequence[Document] = ()) -> Iterator[str]:
    """`question`, `inputs`, `passport` and `result`: its kind, `columns` (name, type, unit), `rows` (one object each).

    `links` lead to the rest of an answer of which this is a page.
    """
    names = [column.name for column in answered.columns]
    head = {
        "question": answered.question.id,
        "inputs": plain(answered.inputs),
        "passport": passport_document(answered.passport),
        **({"links": list(links)} if links else {}),
    }
    result = {
        "kind": answered.question.result,
        "columns": [{"name": one.name, "type": one.type, "unit": one.unit} for one in answered.columns],
    }
    rows = (dict(zip(names, map(plain, row), strict=True)) for row in answered.rows)
    return within(head, "result", listed(result, "rows", rows))


def passport_document(passport: Passport) -> Document:
    """The passport; hours are camera-hours, times are windows `from` and `to`."""
    return {
        "window": plain(passport.window),
        "covered": _windows(passport.covered),
        "cameras": list(passport.cameras),
        "camera_hours": plain(passport.camera_hours),
        "gaps": _gaps(passport.gaps),
        "versions": plain(passport.versions),
        "unknown": passport.unknown,
        "suppressed": [
            {"row": one.row, "columns": list(one.columns), "reason": one.reason} for one in passport.suppressed
        ],
        "computed_at": plain(passport.computed_at),
    }


def coverage_document(known: Knowledge) -> Document:
    """Per camera what is recorded, covered, missing, at work and dark, and the sums in camera-hours."""
    return {
        "window": plain(known.window),
        "camera_hours": {kind: plain(known.hours(kind)) for kind in ("recorded", "covered", "missing", "working")},
        "cameras": [_camera(camera) for camera in known.cameras],
    }


def _camera(camera: CameraKnowledge) -> Document:
    return {
        "camera": camera.camera,
        "recorded": _windows(camera.recorded),
        "covered": _windows(camera.covered),
        "missing": _windows(camera.missing),
        "working": _windows(camera.working),
        "gaps": _gaps(camera.gaps),
        "extractors": list(camera.extractors),
        "pictures_per_s": plain(camera.pictures_per_s),
    }


def _gaps(gaps: Iterable[Gap]) -> list[object]:
    return [
        {"camera": gap.camera, "from": plain(gap.window.start), "to": plain(gap.window.end), "reason": gap.reason}
        for gap in gaps
    ]


def _windows(windows: Iterable[Window]) -> list[object]:
    return [plain(window) for window in windows]
