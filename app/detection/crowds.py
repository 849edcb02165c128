"""The scenes that the pages of detection share: digits or garments on a canvas, coins; and what a detector said."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import torch

from app import images
from app.code import Call, Verbatim
from app.controls import frozen
from app.figures import frames
from app.figures.picture import backdrop, inked
from app.i18n import gettext as _
from app.lab import Lab
from app.live.component import Handle
from core import scenes

CLASSES = 3
# The coins of the shipped photograph: found by a threshold, checked by eye, the last one cut off by hand.
COINS = (
    (22, 36, 67, 74), (81, 39, 120, 74), (132, 30, 179, 74), (193, 30, 239, 73), (256, 34, 297, 72),
    (306, 16, 364, 72), (24, 104, 67, 145), (84, 107, 122, 145), (134, 110, 174, 145), (186, 105, 226, 145),
    (246, 96, 296, 144), (317, 105, 357, 144), (25, 178, 63, 216), (80, 175, 124, 217), (135, 179, 174, 217),
    (189, 170, 237, 217), (251, 172, 297, 216), (315, 157, 380, 217), (18, 233, 75, 288), (92, 245, 136, 287),
    (144, 237, 201, 287), (220, 241, 269, 288), (276, 240, 326, 288), (336, 248, 380, 289),
)  # fmt: skip
# Head, shuttle and helmet of the shipped portrait, set by hand; each is a class of its own.
ASTRONAUT = ((154, 14, 300, 192), (355, 0, 471, 284), (277, 344, 512, 512))
PHOTOS = {"coins": (COINS, (0,) * len(COINS)), "astronaut": (ASTRONAUT, (0, 1, 2))}
SIZES = {"coins": (303, 384), "astronaut": (512, 512)}
CANVAS = (320, 480)
LAST = 60  # the end of a slider through the detections stands for all of them


def ask_kind(lab: Lab) -> str:
    kinds = {"digits": _("Digits"), "garments": _("Garments"), "coins": _("Coins"), "astronaut": _("Portrait")}
    return lab.choice("scene", _("Scene"), kinds)


def ask(lab: Lab, number: int = 8, each: int = 5, noise: float = 0.1, alarms: int = 6, overlap: float = 0.45) -> None:
    """What there is, and how noisy the detector is."""
    lab.slider("number", _("Objects"), 1, 24, number, help=_("The coins on the photograph are 24."))
    lab.slider("overlap", _("How far neighbours overlap"), 0.0, 0.9, overlap, 0.05)
    lab.slider("each", _("Detections of each object"), 0, 12, each)
    lab.slider("noise", _("Noise of the boxes"), 0.0, 0.4, noise, 0.01)
    lab.slider("alarms", _("False alarms"), 0, 40, alarms)
    lab.seed()


OWN = {"own": "a", "own_b": "b", "own_c": "c"}  # the score of each box of the visitor, and its name
PLACES = {"a": (240, 160, 70, 90), "b": (255, 175, 75, 90), "c": (150, 120, 70, 100)}


def ask_own(lab: Lab, score: float) -> list[Handle]:
    """Up to three boxes of the visitor; the handles of those that are there."""
    handles = []
    for name, box in OWN.items():
        title = _("Your box {name}").format(name=box.upper())
        said = lab.slider(name, _("{box}: its score (0: there is none)").format(box=title), 0.0, 1.0,
                          score if name == "own" else 0.0, 0.01)  # fmt: skip
        found = frames.ask(lab, box, title, PLACES[box], most=480)
        handles += found if said > 0 else []
    return handles


def _own(now: Mapping[str, Any]) -> list[tuple[list[float], float]]:
    return [(frames.box(box, now), now[name]) for name, box in OWN.items() if now.get(name, 0) > 0]


def _truth(now: Mapping[str, Any]) -> tuple[Any, Any]:
    """The calls that give the true boxes and their kinds."""
    if now["scene"] in PHOTOS:
        true, kinds = PHOTOS[now["scene"]]
        return (Verbatim(f"torch.tensor({list(true)}, dtype=torch.float64)"), Verbatim(f"torch.tensor({list(kinds)})"))
    given = {"number": now["number"], "overlap": now["overlap"], "classes": CLASSES, "seed": now["seed"]}
    return Verbatim(f"crowd(**{given!r})[0]"), Verbatim(f"crowd(**{given!r})[1]")


def truth(now: Mapping[str, Any]) -> tuple[torch.Tensor, torch.Tensor]:
    if now["scene"] in PHOTOS:
        true, kinds = PHOTOS[now["scene"]]
        return torch.tensor(true, dtype=torch.float64), torch.tensor(kinds)
    return scenes.crowd(now["number"], now["overlap"], CLASSES, CANVAS, now["seed"])


def _noise(now: Mapping[str, Any]) -> dict[str, Any]:
    names = ("each", "noise", "alarms", "seed", "mistakes", "missed")
    coins = now["scene"] == "coins"
    return {n: now[n] for n in names if n in now} | {
        "size_hw": SIZES.get(now["scene"], CANVAS), "classes": 1 if coins else CLASSES}  # fmt: skip


def seen(now: Mapping[str, Any]) -> scenes.Scene:
    """The scene of these settings, the boxes of the visitor in it; shared by all figures, to be read only."""
    found = _seen(frozen(now, MAKES))
    for box, score in _own(now):
        found = scenes.joined(found, box, score, 0)
    return found


# what a scene is made of, beside the boxes of the visitor
MAKES = frozenset({"scene", "number", "overlap", "each", "noise", "alarms", "seed", "mistakes", "missed"})


@lru_cache(16)
def _seen(key: tuple[tuple[str, Any], ...]) -> scenes.Scene:
    now = dict(key)
    return scenes.detections(*truth(now), **_noise(now))


def written(now: Mapping[str, Any]) -> Call:
    """The same as a call for the script."""
    true, kinds = _truth(now)
    found = Call(scenes.detections, {"truth": true, "kinds": kinds, **_noise(now)})
    for box, score in _own(now):
        found = Call(scenes.joined, {"scene": found, "box": box, "score": score, "kind": 0})
    return found


def parts(now: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Parts of the scene as arguments of a call in the script."""
    whole = written(now)
    return {n: Call(whole.function, whole.arguments, n) for n in names}


@lru_cache(8)
def under(scene: str, number: int, overlap: float, seed: int) -> dict[str, Any]:
    """The picture of a scene."""
    if scene in PHOTOS:
        return backdrop(images.photograph(scene).pixels, fade=0.5)
    true, kinds = scenes.crowd(number, overlap, CLASSES, CANVAS, seed)
    return backdrop(inked(scenes.painted(true, _glyphs(scene, kinds, seed), CANVAS)))


def backdrop_of(now: Mapping[str, Any]) -> dict[str, Any]:
    return under(now["scene"], now["number"], now["overlap"], now["seed"])


def _glyphs(scene: str, kinds: torch.Tensor, seed: int) -> torch.Tensor:
    """A picture for each object: of one of three digits or garments, by its kind."""
    pictures, labels = images.collection("digits" if scene == "digits" else "fashion")
    shown = (3, 5, 8) if scene == "digits" else (3, 4, 0)  # dress, coat, shirt
    found = []
    for i, kind in enumerate(kinds.tolist()):
        members = (labels == shown[kind]).nonzero().flatten()
        ink = scenes.cut(pictures[members[(seed * 31 + i * 17) % len(members)], 0])
        found.append(torch.nn.functional.interpolate(ink[None, None], size=(56, 56), mode="bilinear")[0])
    return torch.stack(found) if found else torch.zeros(0, 1, 28, 28)
