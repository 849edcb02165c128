"""A stack of layers on a page: its controls, and what is computed from them for several figures."""

from typing import Any

import streamlit as st

from app import images
from app.domains import Refused
from app.i18n import gettext as _
from app.images import Photo
from app.lab import Lab
from core import receptive
from core.receptive import Effect, Layer, Seen

MOST = 8  # layers


def rows_of(**lists: list[int]) -> dict[str, int]:
    """For presets: k=[3, 5] -> k1=3, k2=5"""
    return {f"{name}{i}": value for name, values in lists.items() for i, value in enumerate(values, 1)}


def choose(lab: Lab, layers: int) -> None:
    """A row of sliders for each layer; under a fold, which of them pool, and their weights."""
    n = lab.slider("layers", _("Layers"), 1, MOST, layers)
    with lab.words():
        st.caption(_("Of each layer: kernel k, stride s, dilation d"))
    for i in range(1, n + 1):
        with lab.row(f"layer{i}"):
            lab.slider(f"k{i}", f"k {i}", 1, 11, 3)
            lab.slider(f"s{i}", f"s {i}", 1, 4, 1)
            lab.slider(f"d{i}", f"d {i}", 1, 8, 1)
    titles = {str(i): _("Layer {n}").format(n=i) for i in range(1, MOST + 1)}
    with lab.fold(_("Pooling, padding, weights")):
        lab.choices("max", _("Max pooling instead of weights"), titles, [])
        lab.choices("average", _("Average pooling instead of weights"), titles, [])
        lab.toggle("padded", _("Pad, so that stride 1 keeps the size"), True)
        lab.slider("size", _("Picture, pixels a side"), 16, 128, 64, 16)
        lab.choice("weights", _("Weights"), {"random": _("By lot"), "ones": _("All alike")})
        lab.toggle("relu", _("ReLU after each convolution"), True)
        lab.seed()


def lists(now: dict[str, Any]) -> dict[str, list[Any]]:
    """The arguments of receptive.stack; a layer that has no sliders yet is a plain 3×3."""
    at = range(1, now["layers"] + 1)
    kinds = ["max" if str(i) in now["max"] else "average" if str(i) in now["average"] else "conv" for i in at]
    return {"kernels": [now.get(f"k{i}", 3) for i in at], "strides": [now.get(f"s{i}", 1) for i in at],
            "dilations": [now.get(f"d{i}", 1) for i in at], "kinds": kinds}  # fmt: skip


def chain(now: dict[str, Any]) -> tuple[list[Layer], list[Seen]]:
    """The layers and what each of them sees; one sentence where they do not fit together."""
    if both := set(now["max"]) & set(now["average"]):
        raise Refused(_("Layer {n} cannot pool in both ways.").format(n=min(both)))
    layers = receptive.stack(**lists(now))
    seen = receptive.fields(layers, now["size"], now["padded"])
    if (i := receptive.too_long(layers, now["size"], now["padded"])) is not None:
        text = _("The kernel of layer {n} reaches over {reach} pixels, but its input has only {size}.")
        raise Refused(text.format(n=i + 1, reach=layers[i].reach, size=seen[i].size))
    return layers, seen


def measured(now: dict[str, Any], photo: Photo) -> tuple[list[Layer], list[Seen], Effect]:
    """Once for all figures of the page."""
    layers, seen = chain(now)
    how = tuple(now[name] for name in ("padded", "weights", "relu", "seed"))
    picture = images.middle(photo, now["size"]).mean(0)
    key = "effect", *layers, now["size"], *how
    return layers, seen, photo.cached(key, lambda: receptive.effect(layers, picture, *how))
