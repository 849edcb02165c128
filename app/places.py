"""Where jobs run: a small interface, and the one that there is, threads of this process.

A job is held weakly, and after each burst of steps a thread looks whether it is still there; nobody has to clear up.
"""

import os
import sys
import threading
import time
from collections import deque
from contextlib import suppress
from typing import Protocol
from weakref import ReferenceType, ref

import torch

TURN = 10.0  # seconds that a job may run while others wait
BEHIND = 10  # Unix niceness: how far trainings stand behind the threads that answer a hand


class Runs(Protocol):
    """What a place knows of a job."""

    phase: str
    wake: threading.Event  # set where it must not sleep on

    def advance(self) -> float | None:
        """One burst of steps; the seconds until the next, or None where it is done for now."""


class Place(Protocol):
    """Where jobs run."""

    def enter(self, job: Runs) -> None:
        """Calls job.advance() again and again, from now or as soon as there is room, until it returns None."""

    def ahead(self, job: Runs) -> int:
        """How many wait in line before it."""


class Threads:
    """Threads of this process, at most `slots` of them; the jobs beyond stand in line, and take turns.

    A thread ends when nobody stands in line.
    """

    def __init__(self, slots: int) -> None:
        self.slots, self.busy = slots, 0
        self._line: deque[ReferenceType[Runs]] = deque()
        self._held: list[ReferenceType[Runs]] = []  # in the hands of a thread
        self._lock = threading.RLock()  # the death of a job may be noticed while it is held

    def enter(self, job: Runs) -> None:
        with self._lock:
            if not any(other() is job for other in (*self._line, *self._held)):
                self._line.append(ref(job))
                if self.busy < self.slots:
                    self.busy += 1
                    threading.Thread(target=self._work, name="job", daemon=True).start()

    def ahead(self, job: Runs) -> int:
        with self._lock:
            line = [other() for other in self._line]
        line = [other for other in line if other is not None]
        return line.index(job) if job in line else 0

    def waiting(self) -> int:
        """How many stand in line."""
        with self._lock:
            return sum(1 for other in self._line if other() is not None)

    def _work(self) -> None:
        step_back()
        torch.set_num_threads(1)  # counts for this thread; two sums in another order are another run
        while (here := self._next()) is not None:
            until = time.monotonic() + TURN
            while (rest := _advance(here)) is not None:
                wake, seconds = rest
                wake.wait(seconds)
                if self._line and time.monotonic() > until:
                    break
            self._let_go(here)

    def _next(self) -> ReferenceType[Runs] | None:
        """The first in line who is still alive; None ends the thread."""
        with self._lock:
            while self._line:
                if (first := self._line.popleft())() is not None:
                    self._held.append(first)
                    return first
            self.busy -= 1
            return None

    def _let_go(self, here: ReferenceType[Runs]) -> None:
        """Its turn is over; back to the end of the line where it is not done (or was told to go on just now)."""
        with self._lock:
            self._held.remove(here)
            if (job := here()) is not None and job.phase == "running":
                self._line.append(here)


def step_back() -> None:
    """Whoever drags a slider goes first: this thread takes what the others leave (each has its own rank on Linux)."""
    if sys.platform == "linux":
        here = threading.get_native_id()
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, here, os.getpriority(os.PRIO_PROCESS, here) + BEHIND)


def _advance(here: ReferenceType[Runs]) -> tuple[threading.Event, float] | None:
    """One burst. The job is held no longer than that: whoever lets go of it meanwhile has ended it."""
    job = here()
    return None if job is None or (rest := job.advance()) is None else (job.wake, rest)


PLACE = Threads(max(1, os.cpu_count() or 1))
