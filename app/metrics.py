"""Numbers about the process, in the text that Prometheus reads. Whoever has a number registers it where it has it:

DRAWN = metrics.Histogram("lightboard_live_seconds", "From a request to its picture.")
metrics.gauge("lightboard_live_connections", "Open connections.", lambda: len(_open))
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from threading import Lock

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0)
_families: dict[str, Callable[[], list[str]]] = {}  # name -> its lines


def gauge(name: str, help: str, value: Callable[[], float]) -> None:
    """A number that goes up and down; asked for when somebody looks."""
    _families[name] = lambda: [*_head(name, help, "gauge"), f"{name} {value():.10g}"]


class Counter:
    """A number that only grows."""

    def __init__(self, name: str, help: str) -> None:
        self.name, self.help, self.value, self._lock = name, help, 0, Lock()
        _families[name] = self.lines

    def more(self) -> None:
        with self._lock:
            self.value += 1

    def lines(self) -> list[str]:
        return [*_head(self.name, self.help, "counter"), f"{self.name} {self.value}"]


class Histogram:
    """How many of the values seen lie below each bound."""

    def __init__(self, name: str, help: str, bounds: Sequence[float] = SECONDS) -> None:
        self.name, self.help, self.bounds, self._lock = name, help, tuple(bounds), Lock()
        self.counts, self.sum = [0] * (len(self.bounds) + 1), 0.0
        _families[name] = self.lines

    def see(self, value: float) -> None:
        with self._lock:
            self.counts[bisect_left(self.bounds, value)] += 1
            self.sum += value

    def lines(self) -> list[str]:
        with self._lock:
            counts, total = list(self.counts), self.sum
        lines, below = _head(self.name, self.help, "histogram"), 0
        for bound, count in zip((*map("{:g}".format, self.bounds), "+Inf"), counts, strict=True):
            below += count
            lines.append(f'{self.name}_bucket{{le="{bound}"}} {below}')
        return [*lines, f"{self.name}_sum {total:.6g}", f"{self.name}_count {below}"]


def text() -> str:
    """All that is registered."""
    return "\n".join(line for lines in list(_families.values()) for line in lines()) + "\n"


def _head(name: str, help: str, kind: str) -> list[str]:
    return [f"# HELP {name} {help}", f"# TYPE {name} {kind}"]
