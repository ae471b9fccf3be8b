"""A complete answer as a response: the body in its format and the headers that go with it."""

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from starlette.responses import Response

from serve.logic.desk import Answered
from serve.presentation.formats import find
from serve.presentation.values import plain


def response(answered: Answered, format_name: str) -> Response:
    """The answer in this format. Raises BadParameter when the format is unknown or does not fit."""
    chosen = find(format_name)
    headers = {"Cache-Control": "private, no-store"}
    if chosen.attachment:
        headers["Content-Disposition"] = f'attachment; filename="{_file_name(answered, format_name)}"'
    if not chosen.self_describing:
        headers["Link"] = f'<{link(answered.question.id, "passport", answered.inputs)}>; rel="describedby"'
    return Response(chosen.render(answered), headers=headers, media_type=chosen.media_type)


def link(question: str, format_name: str, inputs: Mapping[str, object]) -> str:
    """The plain link that asks this question with these inputs."""
    given = {name: plain(value) for name, value in inputs.items() if value not in (None, [], (), {})}
    return f"/questions/{quote(question)}.{format_name}?{urlencode(given, doseq=True)}"


def _file_name(answered: Answered, format_name: str) -> str:
    day = answered.passport.window.start.astimezone(answered.site.time_zone).date().isoformat()
    return f"{answered.question.id}_{day}.{format_name}"
