"""The live figure as a Streamlit component: mounts js/ with one frame, hears where a handle was let go."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from app.controls import Control
from app.domains import Options, Pair, Span, Strokes, Text
from app.figures.palette import DARK
from app.figures.picture import Picture
from app.figures.plot import Plot
from app.i18n import gettext as _
from app.jobs import SPEEDS
from app.live.desk import Desk, Drawing, View, pack
from app.live.socket import PLOTLY_PATH, base_path
from core.strokes import LATTICE, LETTERS, LONGEST

_HERE = Path(__file__).parent
# The browser gets one script; each file is one part of it.
_SCRIPTS = (
    "tools",
    "road",
    "figure",
    "map",
    "moving",
    "plot",
    "picture",
    "grids",
    "handles",
    "pen",
    "player",
    "run",
    "mount",
)
_mount = st.components.v2.component(
    "lightboard.figure",
    html='<div class="lb-figure" data-testid="live-figure"></div>',
    css=(_HERE / "figure.css").read_text(),
    js="\n".join((_HERE / "js" / f"{name}.js").read_text() for name in _SCRIPTS),
    isolate_styles=False,  # Plotly's own styles, and the marks of the contract, must be reachable from the page
)


@dataclass(frozen=True)
class Handle:
    """A point to drag inside a figure, bound to the parameters x and y; without y it is a line to drag sideways.

    With click=True a click into the figure puts it there. With about=("cx", "cy") it is the corner of a box about that
    point: x and y are the width and the height, and it lies half of them away.
    """

    x: str
    y: str | None = None
    label: str = ""
    click: bool = False
    xaxis: str = "xaxis"
    yaxis: str = "yaxis"
    about: tuple[str, str] | None = None


@dataclass(frozen=True)
class Pen:
    """A part of a figure to draw on by mouse, finger or stylus, bound to the drawing `name` (lab.pen).

    It lies over one pair of axes of a plot, or one panel of a picture; with paper=(left, top, right, bottom) over that
    part of them, in their numbers. What is drawn there is what `draw` makes of the strokes: the browser adds nothing.
    """

    name: str
    xaxis: str = "xaxis"
    yaxis: str = "yaxis"
    panel: int = 0
    paper: tuple[float, float, float, float] | None = None


def desk() -> Desk:
    """The desk of this session."""
    return st.session_state.setdefault("_live.desk", Desk())


def mount(view: View, name: str, drawing: Drawing, controls: dict[str, Control], handles: tuple[Handle, ...],
          height: int, release: Callable[[dict[str, Any]], None], plays: str = "",
          first: bool = True, pen: Pen | None = None) -> None:  # fmt: skip
    """Shows one live figure. `release` is called with the parameters of a handle that was let go."""
    key = f"live-{name}"
    if isinstance(drawing, Picture | Plot):
        view.kept = drawing.images()

    def released() -> None:
        value = st.session_state[key].get("release")
        if isinstance(value, dict):
            release(value)

    # Where its handles stand; those that it does not draw itself move over it, and it rests.
    carried = {n for h in handles for n in (h.x, h.y) if n is not None and n not in view.domains}
    header, mounting = drawing.header(), {
        "name": name, "token": view.token, "desk": view.desk, "stage_height": height,
        "base": base_path(st.get_option("server.baseUrlPath")), "plotly": PLOTLY_PATH, "dark": DARK,
        "watch": {n: _watched(c) for n, c in controls.items()
                  if c.slides and (n in view.domains or n in carried) and not isinstance(c.domain, Strokes | Text)},
        "values": {n: view.values[n] for n in view.domains},
        "carried": {n: controls[n].value for n in carried},
        "handles": [asdict(h) | {"bounds": [_bounds(controls, h.x), _bounds(controls, h.y)]} for h in handles],
        "pen": asdict(pen) | {"lattice": LATTICE, "longest": LONGEST, "letters": LETTERS} if pen else None,
        "played": {"x": plays, "bounds": [_bounds(controls, plays)]} if plays else None,
        "words": {"off": _("not live"), "lost": _("The drawing library has not arrived. Reload the page."),
                  "png": _("Save as PNG"), "svg": _("Save as SVG"), "full": _("Full screen"),
                  "play": _("Play"), "pause": _("Pause"), "step": _("One step"), "speed": _("Speed"),
                  "scrub": _("Step t"), "draw": _("Draw here"),
                  "pen_keys": _("Arrow keys move the pen, the space bar puts it down and lifts it."),
                  "undo": _("Undo the last stroke"),
                  "clear": _("Clear the drawing"), "paper_full": _("The drawing is full: undo a stroke, or clear it.")},
    }  # fmt: skip
    if view.job is not None:  # the stage is as quick as it can be and has the bar; the others follow calmly
        words = {"play": _("Play"), "pause": _("Pause"), "step": _("One step"),
                 "restart": _("From the start, same seed"),
                 "speed": _("Speed"), "scrub": _("Back through the run"), "fast": _("full speed"),
                 "rate": _("{n} steps/s"), "at": _("step {n}"), "branch": _("Branch: two runs from here"),
                 "join": _("One run again")}  # fmt: skip
        mounting["job"] = view.job.status()
        mounting["run"] = {"bar": first, "every": 0 if first else 350, "speeds": SPEEDS, "words": words,
                           "opens": view.job.opens}  # fmt: skip
    if clash := header.keys() & mounting.keys():
        raise TypeError(f"A drawing may not use the names {clash} in its header.")
    _mount(key=key, data=pack(header | mounting, drawing.payload()), on_release_change=released, height="content")


def _watched(control: Control) -> dict[str, Any]:
    """Where the browser finds a slider, and what its positions mean."""
    options = control.domain.values if isinstance(control.domain, Options) else None
    return {"key": control.key, "options": options, "pair": isinstance(control.domain, Pair)}


def _bounds(controls: dict[str, Control], name: str | None) -> list[float] | None:
    """The range that a handle may take, and its step."""
    if name is None:
        return None
    domain = controls[name].domain
    if not isinstance(domain, Span):
        raise ValueError(f"A handle needs a plain number, which {name} is not.")
    return [domain.low, domain.high, domain.step]
