"""What several figures want of one call, or the same figure at the next move: worked out once.

A page script is executed anew at every run, so a cache that it defines is empty each time; this one stays.
"""

from functools import lru_cache
from typing import Any

from app.code import Call


@lru_cache(48)
def recalled(call: Call) -> Any:
    """What the call returns. All visitors share it: to be read, never to be written in."""
    return call()
