"""Numbers and tables of the measurements."""

import sys


def percentile(values: list[float], share: float) -> float:
    """The value below which that share of the values lies; nan of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def table(head: list[str], rows: list[list[str]]) -> str:
    widths = [max(len(r[i]) for r in [head, *rows]) for i in range(len(head))]
    lines = [head, ["-" * w for w in widths], *rows]
    return "\n".join("| " + " | ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)) + " |" for r in lines)


def number(value: float, digits: int = 0) -> str:
    return "–" if value != value else f"{value:.{digits}f}"


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
