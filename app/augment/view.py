"""What the pages on augmentations draw: samples beside the original, a sweep, differences, the values drawn."""

import time
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import streamlit as st
import torch

from app.augment import controls, parity
from app.augment.catalogue import SLOW
from app.augment.pipeline import Stage
from app.augment.samples import Sample, augmix, draw, resized, run, swapped
from app.augment.targets import Box, Moved, follow
from app.domains import Refused
from app.figures.picture import Panel, Table, glow, panel
from app.figures.plot import short
from app.i18n import gettext as _
from app.i18n import name as quoted
from app.images import Photo
from app.lab import Lab


def picture(photo: Photo, side: int) -> np.ndarray:
    """A photograph as RGB bytes (H, W, 3), its longer side at most `side` pixels."""

    def small() -> np.ndarray:
        pixels = (photo.pixels * 255).round().byte().expand(3, -1, -1).movedim(0, -1).contiguous().numpy()
        scale = min(1.0, side / max(pixels.shape[:2]))
        return pixels if scale == 1 else resized(pixels, *(max(1, round(n * scale)) for n in pixels.shape[:2]))

    found: np.ndarray = photo.cached(("augment.picture", side), small)
    return found


def filled(photo: Photo, side: int) -> np.ndarray:
    """The same with the longer side just so many pixels, made larger where it is smaller."""
    image = picture(photo, side)
    scale = side / max(image.shape[:2])
    return image if scale <= 1 else resized(image, *(max(1, round(n * scale)) for n in image.shape[:2]))


def shown(title: str, image: np.ndarray) -> Panel:
    """Bytes (H, W, 3) as a panel."""
    return panel(title, torch.from_numpy(np.array(image)))


def original(photo: Photo, side: int, language: str) -> Panel:
    """The untouched picture: encoded once."""
    found: Panel = photo.cached(
        ("augment.original", side, language), lambda: shown(_("original"), picture(photo, side))
    )
    return found


def sampled(photo: Photo, other: Photo, transform: str, now: dict[str, Any], count: int) -> list[Sample]:
    """Samples from as many seeds on end, or Refused with a sentence."""
    return with_arguments(photo, other, transform, controls.given(transform, now), now, count)


def with_arguments(photo: Photo, other: Photo, transform: str, arguments: dict[str, Any], now: dict[str, Any],
                   count: int) -> list[Sample]:  # fmt: skip
    seeds = range(now["seed"], now["seed"] + min(count, SLOW.get(transform, count)))
    image = picture(photo, now["side"])
    made = controls.made(transform, arguments)
    with controls.spoken():
        return list(draw(image, made, seeds, resized(picture(other, now["side"]), *image.shape[:2])))


def strip(photo: Photo, other: Photo, transform: str, now: dict[str, Any], steps: int) -> Iterator[Panel]:
    """One argument from its low end to its high one, the seed stays; values that the library refuses are left out."""
    name, arguments = now[f"{transform}_sweep"], controls.given(transform, now)
    argument, part = controls.sweepable(transform, now)[name]
    refused: Refused | None = None
    drawn_any = False
    for i in range(steps):
        here, value = controls.swept(arguments, argument, part, i / (steps - 1))
        try:
            found = with_arguments(photo, other, transform, here, now, 1)
        except Refused as why:
            refused = why
            continue
        drawn_any = True
        yield shown(value, found[0].image)
    if refused and not drawn_any:
        raise refused


def milliseconds(photo: Photo, other: Photo, transform: str, now: dict[str, Any]) -> float:
    """What one picture takes: the best of several, on one thread, at most a quarter of a second altogether."""
    made = controls.made(transform, controls.given(transform, now))
    image = picture(photo, now["side"])
    second = resized(picture(other, now["side"]), *image.shape[:2])
    best, start = float("inf"), time.perf_counter()
    while time.perf_counter() - start < 0.05 or best == float("inf"):
        at = time.perf_counter()
        list(draw(image, made, [0], second))
        best = min(best, time.perf_counter() - at)
    return best * 1e3


def differences(image: np.ndarray, samples: list[Sample]) -> list[Panel]:
    """The first sample less the original; mean and spread of all samples."""
    first = samples[0].image
    panels = [shown(_("seed {n}").format(n=samples[0].seed), first)]
    if first.shape == image.shape:
        apart = np.abs(first.astype(np.int16) - image).max(-1)
        title = _("difference to the original: {d} of 255 on average")
        panels.append(
            panel(title.format(d=short(float(apart.mean()), 1)), glow(torch.from_numpy(apart).float(), 255.0))
        )
    if all(s.image.shape == first.shape for s in samples) and len(samples) > 1:
        stack = torch.stack([torch.from_numpy(s.image).float() / 255 for s in samples])
        panels.append(panel(_("mean of {n} samples").format(n=len(samples)), stack.mean(0)))
        panels.append(panel(_("where they differ"), glow(stack.std(0).amax(-1))))
    return panels


def piped(photo: Photo, stage: Stage, now: dict[str, Any], how: str, seeds: Iterable[int]) -> list[Sample]:
    """Samples of a pipeline, or Refused with a sentence."""
    image = picture(photo, now["side"])
    with controls.spoken():
        if how == "augmix":
            return augmix(image, [s.made() for s in stage.inner[0].inner], seeds)
        return run(image, stage.made(), seeds, now["alike"])


def stepwise(photo: Photo, stage: Stage, now: dict[str, Any], how: str) -> list[Panel]:
    """The first sample after each stage; then its first two stages, the same values drawn, in either order."""
    panels = []
    for i, last in enumerate(stage.inner):
        found = piped(photo, Stage("Compose", {}, 1.0, stage.inner[: i + 1]), now, how, [now["seed"]])[0]
        off = _("{n}. {name}") if last.name in found.drawn["applied"].split(", ") else _("{n}. not {name}")
        panels.append(shown(off.format(n=i + 1, name=quoted(_shortened(last.name))), found.image))
    if len(stage.inner) > 1:
        first, second = (s.made() for s in stage.inner[:2])
        with controls.spoken():  # the order changes, the values drawn do not
            both = swapped(picture(photo, now["side"]), first, second, now["seed"], now["alike"])
        panels += [shown(title, image) for title, image in zip(("1 → 2", "2 → 1"), both, strict=True)]
    return panels


def drawn(samples: list[Sample], most: int = 4) -> Table:
    """The values that were drawn, a row for each seed."""
    names = list(dict.fromkeys(n for s in samples for n in s.drawn))[:6]
    cells = [[str(s.seed), *(_cell(s.drawn.get(n, "–")) for n in names), s.size] for s in samples[:most]]
    titles = [_("applied") if n == "applied" else quoted(n) for n in names]
    return Table([_("seed"), *titles, _("w × h")], cells, _("The values that were drawn for each seed"))


def _shortened(name: str, most: int = 12) -> str:
    """A long name must not make its panel wider than the others."""
    return name if len(name) <= most else name[: most - 1] + "…"


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return short(value, 3)
    return str(value) if isinstance(value, int) or not any(c.isalpha() for c in str(value)) else quoted(str(value))


Targets = tuple[dict[str, Box], list[tuple[float, float]], list[np.ndarray]]  # boxes, points, masks


def moved(image: np.ndarray, transform: str, targets: Targets, now: dict[str, Any], n: int) -> list[Moved]:
    """Samples of a transform with all targets, or Refused with a sentence."""
    made, seeds = (
        controls.made(transform, controls.given(transform, now)),
        range(now["seed"], now["seed"] + n),
    )
    boxes, points, masks = targets
    with controls.spoken():
        return follow(image, [made], boxes, points, seeds, now["area"], now["visibility"], masks)


def elsewhere(lab: Lab, transform: str, now: dict[str, Any]) -> None:
    """The same transform in torchvision, where there is one, and in what it differs."""
    found = parity.torchvision(transform, controls.given(transform, now))
    with lab.below:
        if found is None:
            st.caption(_("torchvision.transforms.v2 has no such transform."))
        else:
            st.caption(_("In torchvision.transforms.v2:") + " " + _(found[1]))
            st.code(found[0], wrap_lines=True)
