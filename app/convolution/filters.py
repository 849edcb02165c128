"""A kernel to choose and to tune, and what it answers on a picture, for the pages on convolution."""

import inspect
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import streamlit as st
from torch import Tensor

from app.code import Call, Script
from app.controls import Controls
from app.domains import Refused
from app.figures.picture import Panel, panel, signed
from app.i18n import gettext as _
from app.images import Photo
from core import convolution, drawing, kernels
from core.kernels import KERNELS

EXCERPT = 96  # pixels a side: so much of a picture goes into a script
KNOBS = ("size", "sigma", "amount", "frequency", "angle")
SHAPE = ("kernel", "weights", "normalise", *KNOBS)  # the controls that make the kernel


def choose(lab: Controls, default: str = "sobel_x", own: bool = True) -> str:
    """The controls of a kernel: which one, and the sliders that it has."""
    titles = {id: _(k.title) for id, k in KERNELS.items()} | ({"own": _("Your own numbers")} if own else {})
    chosen = lab.choice("kernel", _("Kernel"), titles, default)
    if chosen in KERNELS:
        with lab.words():
            st.caption(_(KERNELS[chosen].note))
    if chosen == "own":
        _typed(lab)
    if "size" in knobs(chosen):
        lab.slider("size", _("Size"), 1, 11, 7)
    if "sigma" in knobs(chosen):
        lab.slider("sigma", "σ", 0.3, 5.0, 1.5, 0.1)
    if "amount" in knobs(chosen):
        lab.slider("amount", _("Amount"), 0.0, 5.0, 1.0, 0.1)
    if "frequency" in knobs(chosen):
        lab.slider("frequency", _("Frequency, waves per pixel"), 0.02, 0.5, 0.2, 0.01)
    if "angle" in knobs(chosen):
        lab.slider("angle", _("Angle, degrees"), 0, 180, 0, 45 if chosen == "line" else 1)
    if chosen in KERNELS:
        tuned = {n: lab.controls[n].value for n in knobs(chosen)}
        st.session_state[f"_filters.{lab.address}.last"] = kernels.written(kernels.kernel(chosen, **tuned))
    return chosen


def _typed(lab: Controls) -> None:
    """A kernel typed as text, or cell by cell; it starts as the one that was chosen before."""
    key, last = f"{lab.address}.weights", st.session_state.pop(f"_filters.{lab.address}.last", None)
    if last is not None and key not in st.query_params:
        # A control that was not there is not yet bound to the link: both are told.
        st.session_state[key] = st.query_params[key] = last
    text = lab.text("weights", _("Rows, with ; between them"), "0 -1 0; -1 5 -1; 0 -1 0", longest=2000)
    # The grid keeps its edits over a fixed start. A text that does not come from them is a new start.
    grid = st.session_state.setdefault(f"_filters.{lab.address}.grid", {"start": "", "number": 0})
    cells = f"{lab.address}-grid-{grid['number']}"
    with suppress(ValueError):
        if not grid["start"] or _edited(grid["start"], cells) != text:
            kernels.parse(text)
            grid["start"], grid["number"] = text, grid["number"] + 1
            cells = f"{lab.address}-grid-{grid['number']}"

        def take() -> None:
            with suppress(ValueError):
                st.session_state[key] = _edited(grid["start"], cells)

        rows = kernels.parse(grid["start"]).tolist()
        look = {str(i): st.column_config.NumberColumn(str(i + 1), width=46) for i in range(len(rows[0]))}
        columns = {str(i): [row[i] for row in rows] for i in range(len(rows[0]))}
        with lab.words():
            st.data_editor(columns, key=cells, hide_index=True, column_config=look, on_change=take)


def _edited(start: str, cells: str) -> str:
    """The text of a kernel with the edits of the grid `cells`."""
    w = kernels.parse(start)
    for row, changes in st.session_state.get(cells, {}).get("edited_rows", {}).items():
        for column, value in changes.items():
            w[int(row), int(column)] = float(value or 0)
    return kernels.written(w) if st.session_state.get(cells, {}).get("edited_rows") else start


def knobs(kernel: str) -> list[str]:
    """The sliders that a kernel has: the arguments of its formula."""
    takes = inspect.signature(KERNELS[kernel].make).parameters if kernel in KERNELS else {}
    return [name for name in KNOBS if name in takes]


def title(kernel: str) -> str:
    return _(KERNELS[kernel].title) if kernel in KERNELS else _("Your own numbers")


def kernel_call(now: dict[str, Any]) -> Call:
    """The kernel as the controls have it."""
    if now["kernel"] == "own":
        made = Call(kernels.parse, {"text": now["weights"]})
    else:
        made = Call(kernels.kernel, {"name": now["kernel"], **{n: now[n] for n in knobs(now["kernel"])}})
    return Call(kernels.normalised, {"w": made}) if now.get("normalise") else made


def weights(now: dict[str, Any]) -> Tensor:
    try:
        return kernel_call(now)()
    except ValueError:
        text = _("A kernel is rows of numbers, all of one length, with ; between them; 11 × 11 at most.")
        raise Refused(text) from None


def looks(now: dict[str, Any]) -> str:
    """How the answer is shown: a blur looks like a picture, an edge finder has a sign."""
    if now["shown"] != "auto":
        return str(now["shown"])
    w = weights(now)
    return "raw" if abs(float(w.sum())) < 0.05 * float(w.abs().sum()) else "clipped"


def trouble(now: dict[str, Any]) -> str:
    """Why there is no kernel; empty where there is one."""
    try:
        weights(now)
    except Refused as why:
        return str(why)
    return ""


def settings(now: dict[str, Any]) -> dict[str, Any]:
    """What a convolution needs to know beside picture and kernel."""
    return {n: now[n] for n in ("stride", "padding", "dilation", "mode", "bias", "flip", "relu")}


def answer(
    pixels: Tensor, now: dict[str, Any], by: Callable[..., Tensor] = convolution.filtered, **other: Any
) -> Tensor:
    """What the kernel answers at each place of a picture (C, H, W)."""
    w = weights(now)
    try:
        return by(pixels, w, **{**settings(now), **other})
    except ValueError:
        text = _("Kernel or padding is larger than the picture: take a smaller one, or less dilation.")
        raise Refused(text) from None


def visible(found: Tensor, shown: str, most: float | None = None) -> Tensor:
    """Answers (C, H, W) as a picture: as they are ("clipped"), by their size, or with their sign.

    Colours are full at `most`, or where 98 of 100 answers lie below: one bright spot must not make all others pale.
    """
    if shown == "clipped":
        return found
    some = found[:, ::3, ::3].abs().flatten()
    most = most or float(some.kthvalue(-(-98 * len(some) // 100)).values) or float(found.abs().amax()) or 1.0
    if shown == "absolute":
        return found.abs() / most
    return signed(found[0], most) if len(found) == 1 else 0.5 + found / (2 * most)


def source(photo: Photo, colour: bool) -> tuple[Tensor, Panel]:
    """What is filtered, and how it looks: the colours of a picture, or its brightness."""
    pixels = photo.pixels if colour else photo.cached("grey", lambda: convolution.grey(photo.pixels))
    drawn = photo.cached(("panel", colour), lambda: panel("", pixels))
    title = _("{w} × {h} pixels").format(w=pixels.shape[2], h=pixels.shape[1])
    return pixels, replace(drawn, title=title)


def excerpt(photo: Photo) -> Call:
    """The middle of a picture, grey, as a script can carry it along."""
    pixels = convolution.grey(photo.pixels)[0]
    top, left = ((n - min(n, EXCERPT)) // 2 for n in pixels.shape)
    part = pixels[top : top + EXCERPT, left : left + EXCERPT]
    return Call(drawing.from_text, {"text": drawing.as_text(part), "width": part.shape[1]})


def script(now: dict[str, Any], photo: Photo) -> Script:
    """The kernel taken apart, the check, and the middle of the picture filtered."""
    weights(now)  # refused where it is no kernel
    call, given = kernel_call(now), settings(now)
    check = Call(convolution.largest_difference, {"kernel": call, **given})
    part = Call(convolution.filtered, {"picture": excerpt(photo), "kernel": call, **given})
    return kernels.separate, [check, part], {"w": call}


def rows(w: Tensor) -> str:
    """The weights themselves where they fit into a title."""
    if max(w.shape) > 3:
        return _("the kernel")
    return " | ".join(" ".join(f"{v + 0.0:.3g}".replace("-", "−") for v in row) for row in w.tolist())
