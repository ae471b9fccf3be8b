"""Who is asking: the API key in the Authorization header."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from serve.logic.desk import QuestionDesk
from sql.keys import Caller

_bearer = HTTPBearer(auto_error=False, scheme_name="key", description="The API key; `mall env` prints the first one.")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


def desk_of(request: Request) -> QuestionDesk:
    """The question desk that this application was created with."""
    desk = request.app.state.desk
    assert isinstance(desk, QuestionDesk)
    return desk


Desk = Annotated[QuestionDesk, Depends(desk_of)]


def caller_of(desk: Desk, credentials: Credentials) -> Caller:
    """The holder of the key. Raises UnknownKey."""
    return desk.identify(credentials.credentials if credentials else None)


KnownCaller = Annotated[Caller, Depends(caller_of)]
