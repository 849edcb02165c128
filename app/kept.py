"""What has been worked out about a thing dies with it: a photograph and its edges, a model and its codes."""

from collections.abc import Callable
from typing import Any

MOST = 24  # results that one thing keeps


class Keeper:
    """A thing that keeps what was made of it."""

    def cached(self, key: Any, make: Callable[[], Any]) -> Any:
        """What was made of this thing, or is made now."""
        made: dict[Any, Any] = self.__dict__.setdefault("_made", {})
        found = made.get(key)
        if found is None:
            found = make()
            if len(made) >= MOST:  # another session may be at the same thing
                made.pop(next(iter(made.copy()), None), None)
            made[key] = found
        return found
