"""The HTTP edge: routes, keys, request ids, and the only place that knows status numbers."""

from serve.api.application import Manners, create

__all__ = ["Manners", "create"]
