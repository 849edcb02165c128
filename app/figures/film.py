"""The playback as a GIF: the surface once, and on every frame the paths so far."""

import io
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import streamlit
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor
from torch.nn.functional import interpolate

from app.figures.palette import DEEP, INK, PAPER, rgb
from app.figures.terrain import Relief

WIDTH, LEGEND, FRAMES, LINGER_MS = 560, 30, 90, 2000
View = tuple[float, float, float, float]  # xmin, xmax, ymin, ymax
Place = tuple[float, float]


def film(z: Tensor, relief: Relief, view: View, paths: Mapping[str, Tensor], colors: Mapping[str, str],
         minima: Sequence[Place] = (), seconds: float = 6.0) -> bytes:  # fmt: skip
    """Paths (steps + 1, starts, 2) by name over heights z (rows are y), walked within so many seconds."""
    paper = _titled(_bands(relief(z)), colors)
    crosses = _pixels(torch.tensor(minima).reshape(1, -1, 2), view, paper.height)
    pen = ImageDraw.Draw(paper)
    for ((x, y),) in crosses:
        pen.line((x - 6, y - 6, x + 6, y + 6), INK, 3)
        pen.line((x - 6, y + 6, x + 6, y - 6), INK, 3)
    ways = {name: _pixels(points, view, paper.height) for name, points in paths.items()}
    steps = max(len(points) for points in paths.values()) - 1
    shown = [round(i * steps / n) for n in [min(steps, FRAMES)] for i in range(n + 1)] if steps else [0]
    frames = [_frame(paper, ways, colors, step) for step in shown]
    return gif(frames, frames[-1].quantize(256), seconds)  # the last frame has every colour


def moving(frames: Sequence[Image.Image], seconds: float) -> bytes:
    """Pictures of one size as a GIF, in the colours of the first, a middle and the last one."""
    width, height = frames[0].size
    # One palette for all: of the first, a middle and the last one, and of a strip of ink, for the words are few pixels.
    known = Image.new(frames[0].mode, (3 * width, height + 16), INK)
    for i, frame in enumerate((frames[0], frames[len(frames) // 2], frames[-1])):
        known.paste(frame, (i * width, 0))
    return gif(frames, known.quantize(256), seconds)


def gif(frames: Sequence[Image.Image], common: Image.Image, seconds: float, linger_ms: int = LINGER_MS) -> bytes:
    """All frames with one palette, that of `common`; the last one lingers."""
    images = [frame.quantize(palette=common, dither=Image.Dither.NONE) for frame in frames]
    pause, file = max(20, round(1000 * seconds / len(frames))), io.BytesIO()
    images[0].save(file, "GIF", save_all=True, append_images=images[1:], loop=0,
                   duration=[pause] * (len(images) - 1) + [linger_ms])  # fmt: skip
    return file.getvalue()


def _bands(height: Tensor, levels: int = 16) -> Image.Image:
    """Filled contours: dark is low, paper where nothing is known."""
    fine = interpolate(height.flip(0)[None, None].float(), (WIDTH, WIDTH), mode="bilinear", align_corners=True)[0, 0]
    low, high = fine[fine.isfinite()].min(), fine[fine.isfinite()].max()
    share = ((fine - low) / (high - low).clamp(min=1e-12) * levels).round() / levels
    dark, light = (torch.tensor(rgb(color)) for color in (DEEP, PAPER[0]))
    shade = dark + (light - dark) * share.nan_to_num(1.0, 1.0)[..., None]
    return Image.fromarray(shade.clamp(0, 255).byte().numpy())


def _titled(surface: Image.Image, colors: Mapping[str, str]) -> Image.Image:
    """The names of the rules above the surface, on as many lines as they need."""
    places, x, y = {}, 10.0, 0
    letters = font()
    for name in colors:
        length = 44 + letters.getlength(name)
        if x + length > WIDTH and x > 10:
            x, y = 10.0, y + LEGEND
        places[name], x = (x, y + LEGEND / 2), x + length
    paper = Image.new("RGB", (WIDTH, y + LEGEND + surface.height), PAPER[0])
    paper.paste(surface, (0, y + LEGEND))
    pen = ImageDraw.Draw(paper)
    for name, (x, middle) in places.items():
        pen.line((x, middle, x + 22, middle), colors[name], 4)
        pen.text((x + 28, middle), name, INK, letters, "lm")
    return paper


@cache
def font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The font of the page, out of Streamlit's wheel: Pillow's own has no Cyrillic."""
    files = sorted(Path(streamlit.__file__).parent.glob("static/static/media/SourceSansVF-Upright*.woff2"))
    return ImageFont.truetype(str(files[0]), 16) if files else ImageFont.load_default(15)


def _pixels(points: Tensor, view: View, bottom: int) -> list[list[Place]]:
    """(steps + 1, starts, 2) -> for each start its places on the paper; what has left the view stays near it."""
    low, high = torch.tensor(view[::2]), torch.tensor(view[1::2])
    x, y = ((points - low) / (high - low)).nan_to_num(2.0).clamp(-1, 2).unbind(-1)
    return [
        list(zip(*pair, strict=True))
        for pair in zip((x * WIDTH).T.tolist(), (bottom - y * WIDTH).T.tolist(), strict=True)
    ]


def _frame(
    paper: Image.Image, ways: Mapping[str, list[list[Place]]], colors: Mapping[str, str], step: int
) -> Image.Image:
    """The paths up to a step, the present points as dots."""
    frame = paper.copy()
    pen = ImageDraw.Draw(frame)
    for name, starts in ways.items():
        for way in starts:
            x, y = way[min(step, len(way) - 1)]
            pen.line(way[: step + 1], colors[name], 3, "curve")
            pen.ellipse((x - 5, y - 5, x + 5, y + 5), colors[name], INK)
    return frame
