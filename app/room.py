"""How many the process can take: newcomers are told when it is full, those who are in stay in. /metrics, /health.

LIGHTBOARD_VISITORS: open pages at a time, 400 without it. LIGHTBOARD_MEMORY: megabytes of the process beyond which no
newcomer comes in; without it three quarters of what the machine or the container has.
"""

import math
import os
import time
from functools import cache
from pathlib import Path
from weakref import WeakSet

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import BaseRoute, Route
from streamlit import runtime

from app import metrics
from app.live import desk
from app.live.socket import base_path
from app.places import PLACE

_begun = time.time()


class Place:
    """Held by the session that has been let in; it goes with the session."""


_taken: WeakSet[Place] = WeakSet()
FEW = 8  # are let in whatever the memory: the system takes back little of it when all have left


def admit() -> Place | None:
    """A place for a newcomer, or None where the house is full. Those who wait do not count."""
    if full():
        return None
    _taken.add(place := Place())
    return place


def inside() -> int:
    return len(_taken)


def full() -> bool:
    """Whether a newcomer would be one too many."""
    return inside() >= most_visitors() or (inside() >= FEW and memory() > most_memory())


def visitors() -> int:
    """Sessions with an open page, those who wait among them."""
    if not runtime.exists():
        return 0
    stats = runtime.get_instance().stats_mgr.get_stats(["active_sessions"])
    return sum(int(getattr(stat, "value", 0)) for stat in stats.get("active_sessions", ()))


def memory() -> int:
    """Bytes that the process holds; 0 where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


@cache
def most_visitors() -> int:
    return int(_number("LIGHTBOARD_VISITORS", 400))


@cache
def most_memory() -> float:
    return _number("LIGHTBOARD_MEMORY", 0) * 2**20 or 0.75 * _machine()


def _machine() -> float:
    """Bytes that the container may hold, or the machine has."""
    try:
        return float(Path("/sys/fs/cgroup/memory.max").read_text())  # "max" is no number
    except (OSError, ValueError):
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))


def _number(variable: str, default: float) -> float:
    """A setting from the environment; what is no number from 1 on ends the start with a sentence."""
    text = os.environ.get(variable, "")
    try:
        number = float(text or default)
        if not math.isfinite(number) or (text and number < 1):
            raise ValueError
    except ValueError:
        raise ValueError(f"{variable} has to be a number from 1 on, not {text!r}.") from None
    return number


# --- what the operator sees ---


def room_routes(configured: str | None = "") -> list[BaseRoute]:
    """The routes beside Streamlit's own, under its base path."""
    base = base_path(configured)
    return [Route(f"{base}/metrics", told), Route(f"{base}/health", health)]


async def told(request: Request) -> PlainTextResponse:
    return PlainTextResponse(metrics.text(), media_type="text/plain; version=0.0.4")


async def health(request: Request) -> JSONResponse:
    """200 as long as it answers: a process that is full must not be restarted for it."""
    return JSONResponse({"status": "full" if full() else "ok"}, headers={"Cache-Control": "no-store"})


metrics.gauge("lightboard_sessions", "Sessions with an open page.", visitors)
metrics.gauge("lightboard_sessions_in", "Sessions that have been let in.", inside)
metrics.gauge("lightboard_sessions_most", "Sessions beyond which newcomers wait.", most_visitors)
metrics.gauge("lightboard_live_views", "Live figures of all sessions.", desk.count)
metrics.gauge("lightboard_jobs_running", "Trainings that run now.", lambda: PLACE.busy)
metrics.gauge("lightboard_jobs_waiting", "Trainings that wait for a processor.", PLACE.waiting)
metrics.gauge("process_resident_memory_bytes", "Memory that the process holds.", memory)
metrics.gauge("lightboard_memory_most_bytes", "Memory beyond which newcomers wait.", most_memory)
metrics.gauge("process_start_time_seconds", "When it was started, in Unix time.", lambda: _begun)
