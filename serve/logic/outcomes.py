"""How a read can end, as one word each: the word stands in the audit row, in the problem document and in the client."""

from collections.abc import Mapping

from models.world import errors
from models.world.errors import MallError, NotAllowed

ANSWERED = "answered"
ORDERED = "ordered"
"""The answer is not known yet; a job finds it out."""
FAILED = "failed"
"""Something broke that nobody expected; the log has the trace under the request id."""

UNAVAILABLE = "unavailable"
"""The store was away, so nothing was read."""


class UnknownKey(NotAllowed):
    """No API key was given, or nobody has it."""


REFUSALS: Mapping[str, type[MallError]] = {
    "bad-parameter": errors.BadParameter,
    "bad-window": errors.BadWindow,
    "bad-input": errors.BadInput,
    "unknown-question": errors.UnknownQuestion,
    "unknown-section": errors.UnknownSection,
    "unknown-camera": errors.UnknownCamera,
    "no-such-job": errors.UnknownJob,
    "not-found": errors.NotFound,
    "no-video": errors.NotRecorded,
    "not-extracted": errors.NotExtracted,
    "over-budget": errors.OverBudget,
    "busy": errors.Busy,
    "result-not-ready": errors.ResultNotReady,
    "extraction-failed": errors.ExtractionFailed,
    "dismissed": errors.Dismissed,
    "unknown-key": UnknownKey,
    "not-allowed": errors.NotAllowed,
    UNAVAILABLE: errors.StoreUnavailable,
}
"""The word of each error; an error that is not listed goes by its nearest listed ancestor."""
_WORDS = {kind: word for word, kind in REFUSALS.items()}


def outcome_of(error: MallError) -> str:
    """The word for this error."""
    return next((_WORDS[kind] for kind in type(error).__mro__ if kind in _WORDS), FAILED)
