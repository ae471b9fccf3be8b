"""The known mall of the store's tests, for commands."""

from tests.sql.conftest import filled

__all__ = ["filled"]
