"""What the pages on labels ask: which test picture, which transform, which argument grows; and the answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import torch
from torch import Tensor

from app import models
from app.augment import controls, survival
from app.augment.catalogue import alone, spelt, transforms
from app.augment.knobs import Knob
from app.code import Call, Verbatim
from app.domains import Refused
from app.i18n import gettext as _
from app.i18n import name as quoted
from app.lab import Lab
from core import cnn, drawing

GROUPS = ("geometric", "pixel", "noise", "weather", "blur", "dropout")
STOPS, TILES = 31, 7  # magnitudes along the curve; pictures under it
EACH = 6  # pictures of each class, where many are asked
ASKED_AT = 9  # magnitudes, where many are asked


@dataclass(frozen=True)
class Curve:
    """One picture at growing magnitude: values (n,), what the network sees (n, 28, 28) and says (n, 10)."""

    values: list[float]
    seen: Tensor
    said: Tensor

    @property
    def tiles(self) -> list[int]:
        """Which of them are shown as pictures."""
        n = min(TILES, len(self.values))
        return torch.linspace(0, len(self.values) - 1, n).round().long().tolist()


@cache
def growing() -> list[str]:
    """The transforms with an argument that can grow."""
    return [n for n in alone() if transforms()[n].group in GROUPS and controls.sweepable(n, {})]


def choose_picture(lab: Lab, label: int = 6, which: int = 0) -> str:
    """The controls for a picture of the test set; returns the data."""
    data = lab.choice("data", _("Network trained on"), {"digits": _("Digits"), "fashion": _("Clothes")})
    names = models.class_names(data)
    lab.choice("label", _("Class"), {str(i): name for i, name in enumerate(names)}, str(label))
    lab.slider("which", _("Which of its pictures"), 0, 99, which)
    return data


def choose_growing(lab: Lab) -> tuple[str, str, str]:
    """The transform, the argument that grows, and the control for its value."""
    titles = {n: quoted(n) for n in growing()}
    transform = lab.choice("transform", _("Transform"), titles, "Rotate", help=_("Type a part of its name to find it."))
    known = controls.sweepable(transform, {})
    grows = next(iter(known))
    if len(known) > 1:
        grows = lab.choice(f"{transform}_sweep", _("What grows"), {n: quoted(n) for n in known})
    argument, part = known[grows]
    knob = argument.knobs[part]
    at = f"{transform}_{grows}_at"
    lab.slider(at, f"`{quoted(grows)}`", knob.low, knob.high, _start(knob), knob.step,
               help=_("The line in the picture: drag it there, too."))  # fmt: skip
    controls.tune(lab, transform, without=argument.name if len(argument.knobs) == 1 else "", in_view=2)
    return transform, grows, at


def _start(knob: Knob) -> Any:
    return knob.default[-1] if knob.kind == "range" else knob.default


def picture(now: Mapping[str, Any]) -> Tensor:
    """The picture (28, 28) of the test set that the controls name."""
    pictures, labels = models.held_back(now["data"])
    return pictures[labels == int(now["label"])][now["which"]]


def some(data: str) -> tuple[Tensor, Tensor]:
    """The first few pictures of each class of the test set."""
    pictures, labels = models.held_back(data)
    which = torch.cat([(labels == c).nonzero()[:EACH, 0] for c in range(cnn.CLASSES)])
    return pictures[which], labels[which]


def grown(transform: str, grows: str, now: Mapping[str, Any], n: int) -> dict[float, tuple[dict[str, Any], Tensor]]:
    """Value -> arguments and what becomes of the picture, at up to n stops from the low end to the high one.

    What the library refuses is left out; where it refuses everything, so do we.
    """
    argument, part = controls.sweepable(transform, {})[grows]
    given, x, found, refused = controls.given(transform, now), picture(now), {}, None
    for i in range(n):
        arguments, text = controls.swept(given, argument, part, i / (n - 1))
        try:
            found[float(text.replace("−", "-"))] = (
                arguments,
                _seen(x, [controls.made(transform, arguments)], now["seed"]),
            )
        except Refused as why:
            refused = why
    if refused and not found:
        raise refused
    return found


def at_value(transform: str, grows: str, now: Mapping[str, Any], value: float) -> dict[str, Any]:
    """The arguments with the growing one at a value."""
    argument, part = controls.sweepable(transform, {})[grows]
    knob = argument.knobs[part]
    share = (value - knob.low) / (knob.high - knob.low)
    return controls.swept(controls.given(transform, now), argument, part, share)[0]


@lru_cache(64)
def curve(transform: str, grows: str, key: tuple[tuple[str, Any], ...]) -> Curve:
    """What the network says at each stop; `key` are the values of the controls."""
    now = dict(key)
    found = grown(transform, grows, now, STOPS)
    seen = torch.cat([look for _arguments, look in found.values()])
    return Curve(list(found), seen, cnn.predict(models.classifier(now["data"]), seen))


def one(transform: str, arguments: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[Tensor, Tensor]:
    """One picture of the curve (28, 28), and what the network says to it (10,)."""
    seen = _seen(picture(now), [controls.made(transform, arguments)], now["seed"])
    return seen[0], cnn.predict(models.classifier(now["data"]), seen)[0]


def _seen(x: Tensor, made: list[Any], seed: int) -> Tensor:
    """One look for each transform, from seeds on end, or Refused with a sentence."""
    with controls.spoken():
        return survival.looks(x, made, range(seed, seed + len(made)))


def many(data: str, transform: str, stops: list[dict[str, Any]], seed: int) -> Tensor:
    """How many of some pictures of each class are still read right at each stop: (10, n)."""
    made = [controls.made(transform, arguments) for arguments in stops]
    with controls.spoken():
        return survival.survival(cnn.predict, models.classifier(data), *some(data), made, seed)


@lru_cache(64)
def views(transform: str, key: tuple[tuple[str, Any], ...]) -> tuple[Tensor, Tensor]:
    """n views of the picture (n, 28, 28), and what the network says to each (n, 10)."""
    now = dict(key)
    made = controls.made(transform, controls.given(transform, now))
    seen = _seen(picture(now), [made] * now["n"], now["seed"])
    return seen, cnn.predict(models.classifier(now["data"]), seen)


def untouched(now: Mapping[str, Any]) -> tuple[Tensor, Tensor]:
    """The picture as it is (28, 28), and what the network says to it (10,)."""
    x = picture(now)
    return x, cnn.predict(models.classifier(now["data"]), x[None])[0]


def polls(data: str, transform: str, arguments: dict[str, Any], n: int, seed: int) -> Tensor:
    """Right answers by class: untouched, one view, the mean of n views: (3, 10)."""
    made = controls.made(transform, arguments)
    with controls.spoken():
        return survival.polled(cnn.predict, models.classifier(data), *some(data), made, n, seed)


def calls(now: Mapping[str, Any]) -> dict[str, Any]:
    """What a script needs beside the transforms: the network, its predict, the picture, its label."""
    x = Call(drawing.from_text, {"text": drawing.as_text(picture(now)), "width": cnn.SIDE})
    net = Call(cnn.unpacked, {"text": models.as_text(now["data"])})
    return {"predict": cnn.predict, "net": net, "picture": x, "truth": int(now["label"])}


def spelt_list(transform: str, stops: list[dict[str, Any]]) -> Verbatim:
    return Verbatim(f"[{', '.join(spelt(transform, arguments) for arguments in stops)}]")
