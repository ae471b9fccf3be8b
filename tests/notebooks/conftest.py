"""The known mall of the store's tests, for notebooks."""

from tests.sql.conftest import filled

__all__ = ["filled"]
