"""The known mall of the store's tests, for questions over HTTP."""

from tests.sql.conftest import filled

__all__ = ["filled"]
