"""Whether the texts inside a figure can be read on its paper: axe sees neither what Plotly writes nor a canvas."""

from collections.abc import Iterator
from typing import Any

from app.figures import palette

Written = tuple[str, str, float]  # its colour, what it lies on, its size in pixels


def luminance(color: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def in_theme(color: str, theme: str) -> str:
    return color if theme == "light" else palette.DARK.get(color, color)


def faint(header: dict[str, Any]) -> set[tuple[str, Written]]:
    """What of a plot falls short of AA, with the theme in which it does: 4.5:1, from 24 px on 3:1."""
    return {
        (theme, text)
        for text in _written(header["figure"])
        for theme in ("light", "dark")
        if contrast(*(in_theme(c[:7], theme) for c in text[:2])) < (3 if text[2] >= 24 else 4.5)
    }


def _written(figure: dict[str, Any]) -> Iterator[Written]:
    layout, (paper, _dark) = figure["layout"], palette.PAPER
    usual: dict[str, Any] = layout["font"]

    def with_font(font: dict[str, Any], on: str = paper) -> Iterator[Written]:
        color = font.get("color", usual["color"])
        for each in set(color) if isinstance(color, list) else {color}:
            yield each, on, font.get("size", usual["size"])

    for font in _fonts(layout):
        yield from with_font(font)
    for note in layout.get("annotations", ()):
        yield from with_font(note.get("font", {}), note.get("bgcolor", paper))
    maps = {_axes(trace) for trace in figure["data"] if trace["type"] in ("heatmap", "contour")}
    for trace in figure["data"]:
        if trace.get("textposition") == "inside" or _axes(trace) in maps:
            continue  # in a bar Plotly chooses what stands out; a map is no paper
        if "text" in trace:
            yield from with_font(trace.get("textfont", {}))


def _axes(trace: dict[str, Any]) -> tuple[str, str]:
    return trace.get("xaxis", "x"), trace.get("yaxis", "y")


def _fonts(layout: Any) -> Iterator[dict[str, Any]]:
    """All of its fonts but those of notes, which may have a ground of their own."""
    for name, value in layout.items():
        if name.endswith("font"):
            yield value
        elif isinstance(value, dict) and name not in ("meta", "hoverlabel"):
            yield from _fonts(value)
