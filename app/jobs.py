"""Training that runs while one watches: start, pause, one step, speed, stop, restart, scrub back, branch.

What is trained is pure: step(state, settings) -> state, and observe(state) -> what may be drawn of it. A state is
never changed, so that a job keeps its past for nothing: a history of moments, thinned to half when it is full.

A job lies on the desk of its session and dies with it: the place where it runs (app/places.py) holds it weakly.
"""

import logging
import threading
import time
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Protocol
from weakref import finalize

import torch
from torch import Tensor

from app.domains import Refused
from app.i18n import gettext as _
from app.places import PLACE, Place

BURST = 0.09  # seconds of steps between two moments: about 10.5 pictures a second
PATIENCE = 5.0  # seconds without a watcher until a job falls asleep
MOST_MOMENTS, MOST_BYTES = 400, 48 * 2**20
SPEEDS = (0.0, 1.0, 5.0, 20.0, 100.0)  # steps a second; 0 is as fast as it goes
log = logging.getLogger(__name__)


class State(Protocol):
    """Where a training stands: after how many steps, and whether all its numbers are numbers still."""

    @property
    def step(self) -> int: ...

    @property
    def finite(self) -> bool: ...


@dataclass(frozen=True)
class Trainable:
    """What a job needs to know of what it trains."""

    step: Callable[[Any, Mapping[str, Any]], Any]
    observe: Callable[[Any], Any]


@dataclass(frozen=True)
class Moment:
    """The run at one step, and the run that it branched off from, if any."""

    states: tuple[Any, ...]
    seen: tuple[Any, ...]

    @property
    def step(self) -> int:
        return int(self.states[0].step)


@dataclass(frozen=True)
class Watched:
    """What a draw function is given: the moment that is shown, and all moments that are kept."""

    moments: Sequence[Moment]
    at: int

    @property
    def step(self) -> int:
        return self.moments[self.at].step

    @property
    def seen(self) -> Any:
        return self.moments[self.at].seen[0]

    @property
    def rival(self) -> Any:
        """The run that went on with the old settings; None where nothing has branched."""
        return self.moments[self.at].seen[1] if len(self.moments[self.at].seen) > 1 else None

    def steps(self) -> Tensor:
        return torch.tensor([float(m.step) for m in self.moments], dtype=torch.float64)

    def past(self, value: Callable[[Any], float], lane: int = 0) -> Tensor:
        """One number of every moment; NaN where the rival was not there yet."""
        return torch.tensor([float(value(m.seen[lane])) if lane < len(m.seen) else torch.nan for m in self.moments])


class Job:
    """One training in one session."""

    def __init__(self, model: Trainable, begun: Sequence[State], settings: Mapping[str, Any], key: str = "",
                 start: str = "", place: Place = PLACE) -> None:  # fmt: skip
        """`begun`: the states that it has gone through, the first of them at step 0."""
        self.model, self.settings, self.place = model, [dict(settings)], place
        self.key, self.start = key, start  # what it was made from, and the part that cannot change on the fly
        self.moments = [Moment((s,), (model.observe(s),)) for s in begun]
        self.gap, self.shown = 0.0, len(begun) - 1
        self.most = max(16, min(MOST_MOMENTS, MOST_BYTES // max(1, self._own())))
        self.phase = "paused"  # paused, running, asleep, failed, stopped
        self.error = ""  # lost, failed
        self.opens = 0  # where it stops that goes on before one's eyes by itself
        self.speed, self.version, self.pace, self.touched = 0.0, 0, 0.0, False
        self._round = 0  # goes up when a command makes void what is being computed
        self._left: int | None = None  # steps to go, where they are counted
        self._listeners: list[Callable[[], None]] = []
        self._watched_at = time.monotonic()
        self._lock = threading.RLock()
        self.wake = threading.Event()
        finalize(self, self.wake.set)  # nobody sleeps on for a job that is gone

    # --- what it is told ---

    def do(self, command: str, value: Any = None) -> None:
        """A command of the visitor; Refused where there is none of that name."""
        known: dict[str, Callable[[], None]] = {
            "play": self.play, "pause": self.pause, "step": lambda: self.play(steps=1), "restart": self.restart,
            "branch": self.branch, "join": self.join}  # fmt: skip
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if command == "scrub" and number and value == int(value):
            self.scrub(int(value))
        elif command == "speed" and value in SPEEDS and number:
            self.speed = float(value)
        elif command == "open" and number and 0 < value < 10**6:
            self.open(int(value))
        elif command in known:
            known[command]()
        else:
            raise Refused(_("A run knows no such command."))
        self._changed()

    def play(self, steps: int | None = None) -> None:
        """On from the moment that is shown; what came after it is forgotten (and comes again, if nothing changes)."""
        with self._lock:
            if self.phase in ("stopped", "failed") and self.shown == len(self.moments) - 1:
                return
            if self.phase != "running" or self.shown != len(self.moments) - 1:
                self._round += 1
            del self.moments[self.shown + 1 :]
            self.phase, self.touched, self.error, self._left = "running", True, "", steps
            self._watched_at = time.monotonic()
        self.place.enter(self)

    def open(self, until: int) -> None:
        """By itself until that step, if nobody has touched it yet."""
        with self._lock:
            if not self.touched and self.moments[-1].step < until:
                self.play(until - self.moments[-1].step)

    def pause(self) -> None:
        with self._lock:
            if self.phase in ("running", "asleep"):
                self.phase = "paused"

    def stop(self) -> None:
        """For good: it steps no more."""
        with self._lock:
            self.phase, self._round = "stopped", self._round + 1
        self._changed()

    def lose(self) -> None:
        """Its numbers were lost while it was made ready: it goes on from an earlier moment, or not at all."""
        with self._lock:
            self.phase, self.error = "failed", "lost"

    def restart(self) -> None:
        """From step 0 with the same seed, and as the settings now are; it runs on if it ran."""
        running = self.phase == "running"
        self.join()
        self.scrub(0)
        if running:
            self.play()
        else:
            with self._lock:
                del self.moments[1:]
                self.error = ""
        with self._lock:
            self.touched, self.gap = True, 0.0

    def scrub(self, place: int) -> None:
        """Shows a moment of the past, and rests there."""
        with self._lock:
            if self.phase != "stopped":
                self.phase = "paused"
            self._round += 1
            self.shown = max(0, min(place, len(self.moments) - 1))

    def steer(self, settings: Mapping[str, Any]) -> None:
        """Other settings from now on; the rival keeps the old ones."""
        with self._lock:
            self.settings[0] = {**self.settings[0], **settings}

    def branch(self) -> None:
        """Two runs from the moment that is shown: this one obeys the controls, the other stays as it is."""
        with self._lock:
            if self.shown < len(self.moments) - 1:
                self.error = ""  # what it was about is forgotten
            del self.moments[self.shown + 1 :]
            last = self.moments[-1]
            self.moments[-1] = Moment((last.states[0],) * 2, (last.seen[0],) * 2)
            self.settings = [self.settings[0], dict(self.settings[0])]
            self._round, self.touched = self._round + 1, True

    def join(self) -> None:
        """Back to one run."""
        with self._lock:
            self.moments = [Moment(m.states[:1], m.seen[:1]) for m in self.moments]
            self.settings, self._round = self.settings[:1], self._round + 1

    # --- what it does; only its place calls this ---

    def advance(self) -> float | None:
        """A burst of steps, and a moment at its end. Seconds to rest until the next one; None: no more for now."""
        with self._lock:
            if self.phase == "running" and time.monotonic() - self._watched_at > PATIENCE and not self._listeners:
                self.phase = "asleep"
            if self.phase != "running":
                return None
            states, settings, left, turn = (
                self.moments[-1].states,
                list(self.settings),
                self._left,
                self._round,
            )
            most = min(m for m in (left, 1 if self.speed else None, 10**9) if m is not None)
        begun, done, error = time.monotonic(), 0, ""
        try:
            while done < most and (time.monotonic() - begun < BURST or not done) and self._round == turn:
                after = tuple(self.model.step(s, how) for s, how in zip(states, settings, strict=True))
                if not all(s.finite for s in after):
                    error = "lost"
                    break
                states, done = after, done + 1
            moment = Moment(states, tuple(self.model.observe(s) for s in states))
        except Exception as problem:
            log.error("A run has failed", exc_info=problem)
            moment, error, done = self.moments[-1], "failed", 0
        took = time.monotonic() - begun
        rest = max(0.0, 1 / self.speed - took) if self.speed else 0.0
        with self._lock:
            if self._round != turn:  # scrubbed, restarted or stopped meanwhile
                return 0.0
            if done:
                self._keep(moment)
                self.pace = done / (took + rest)
            if left is not None:
                self._left = left - done
            if error or self._left == 0:
                self.phase, self.error = "failed" if error else "paused", error
        self._changed()
        return rest

    def _keep(self, moment: Moment) -> None:
        kept = self.moments
        if len(kept) > 1 and kept[-1].step - kept[-2].step < self.gap:
            kept[-1] = moment
        else:
            kept.append(moment)
        if len(kept) > self.most:
            self.moments = kept[:-1:2] + kept[-1:]
            self.gap = (moment.step - kept[0].step) / len(self.moments)
        self.shown = len(self.moments) - 1

    # --- who watches ---

    def listen(self, listener: Callable[[], None], after: int) -> bool:
        """Calls `listener` once, from any thread, when there is something newer than version `after`."""
        with self._lock:
            self._watched_at = time.monotonic()
            if self.phase == "asleep":
                self.play()
            if self.version > after:
                return False
            self._listeners.append(listener)
            return True

    def forget(self, listener: Callable[[], None]) -> None:
        with self._lock:
            self._watched_at = time.monotonic()
            if listener in self._listeners:
                self._listeners.remove(listener)

    def _changed(self) -> None:
        with self._lock:
            self.version += 1
            called, self._listeners = self._listeners, []
            if called:
                self._watched_at = time.monotonic()
            self.wake.set()
            self.wake.clear()
        for listener in called:
            listener()

    def _own(self) -> int:
        """Bytes that one more moment takes: what the run has in common with its start is held once."""
        *earlier, last = self.moments
        return weight(last, places(earlier[0])) if earlier else weight(last)

    def watched(self) -> Watched:
        with self._lock:
            return Watched(tuple(self.moments), self.shown)

    def status(self) -> dict[str, Any]:
        """What the bar under the figure shows."""
        with self._lock:
            ahead = self.place.ahead(self) if self.phase == "running" else 0
            told = {
                "": _("Waiting for a free processor: {n} ahead.").format(n=ahead) if ahead else "",
                "lost": _("At step {n} the numbers were no longer finite: the run has stopped."),
                "failed": _("The run has failed after step {n}."),
            }[self.error].format(n=self.moments[-1].step + (self.error == "lost"))
            return {"version": self.version, "phase": self.phase, "step": self.moments[self.shown].step,
                    "moments": len(self.moments), "at": self.shown, "speed": self.speed, "told": told,
                    "pace": round(self.pace) if self.phase == "running" else 0,
                    "touched": self.touched, "branched": len(self.moments[self.shown].states) > 1}  # fmt: skip


def weight(value: Any, shared: Container[int] = ()) -> int:
    """Bytes of all tensors in a value, but for those whose memory is shared."""
    if isinstance(value, Tensor):
        return 0 if value.data_ptr() in shared else value.numel() * value.element_size()
    if is_dataclass(value):
        return sum(weight(getattr(value, f.name), shared) for f in fields(value))
    if isinstance(value, tuple | list):
        return sum(weight(v, shared) for v in value)
    return 0


def places(value: Any) -> set[int]:
    """Where in memory the tensors of a value lie."""
    if isinstance(value, Tensor):
        return {value.data_ptr()}
    inside = [getattr(value, f.name) for f in fields(value)] if is_dataclass(value) else value
    return set().union(*map(places, inside)) if isinstance(inside, tuple | list) else set()
