"""Who is asking: the API key in the Authorization header."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from serve.logic.desk import QuestionDesk
from serve.logic.jobs import JobDesk
from sql.keys import Caller

_bearer = HTTPBearer(auto_error=False, scheme_name="key", description="The API key; `mall env` prints the first one.")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


def jobs_of(request: Request) -> JobDesk:
    """The job desk that this application was created with."""
    jobs = request.app.state.jobs
    assert isinstance(jobs, JobDesk)
    return jobs


def desk_of(request: Request) -> QuestionDesk:
    """The question desk behind the job desk."""
    return jobs_of(request).desk


Jobs = Annotated[JobDesk, Depends(jobs_of)]
Desk = Annotated[QuestionDesk, Depends(desk_of)]


def caller_of(desk: Desk, credentials: Credentials) -> Caller:
    """The holder of the key. Raises UnknownKey."""
    return desk.identify(credentials.credentials if credentials else None)


KnownCaller = Annotated[Caller, Depends(caller_of)]
