"""Tensors -> pictures: bytes that the browser paints on a canvas, and tables that it writes."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from typing import Any
from zlib import crc32

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from app.figures.palette import ABOVE, ACCENT, BELOW, BLUE, rgb

SMALL = 96  # up to this many pixels a side: lossless, drawn as crisp squares, real values under the pointer
RAW = 4096  # up to this many bytes: sent as they are, which no browser has to decode on another thread


@dataclass(frozen=True)
class Panel:
    """One image with its title, encoded, or raw: rows of grey, RGB or RGBA bytes.

    `values` are the numbers behind the colours, shown under the pointer.
    """

    title: str
    data: bytes
    mime: str
    size_hw: tuple[int, int]
    values: Tensor | None = None
    id: int = 0  # of the bytes: the browser paints anew what has changed

    def file(self) -> bytes:
        """As a file that any program reads."""
        return self.data if self.mime != "raw" else _encoded(self.raster(), True)[0]

    def raster(self) -> np.ndarray:
        """The bytes of a raw one in rows: (H, W), (H, W, 3) or (H, W, 4)."""
        pixels = np.frombuffer(self.data, np.uint8).reshape(*self.size_hw, -1)
        return pixels[..., 0] if pixels.shape[-1] == 1 else pixels

    def header(self) -> dict[str, Any]:
        height, width = self.size_hw
        return {"id": self.id, "title": self.title, "mime": self.mime, "length": len(self.data), "width": width,
                "height": height, "crisp": max(height, width) <= SMALL, "pixels": self.values}  # fmt: skip


@dataclass(frozen=True)
class Picture:
    """Images side by side; the browser puts as many in a row as make them largest. Handles lie on the first."""

    panels: Sequence[Panel]
    alt: str
    kind: str = field(default="picture", init=False)

    def header(self) -> dict[str, Any]:
        return {"kind": self.kind, "alt": self.alt, "panels": [panel.header() for panel in self.panels]}

    def payload(self) -> bytes:
        return b"".join(panel.data for panel in self.panels)

    def images(self) -> frozenset[int]:
        """The ids of its panels."""
        return frozenset(panel.id for panel in self.panels)

    def without(self, ids: Collection[int]) -> Picture:
        """Without the bytes of panels that the browser has already."""
        return replace(self, panels=[replace(p, data=b"") if p.id in ids else p for p in self.panels])


_MINUS = re.compile(r"(?<![^\s(+·])-(?=\.?\d)|(?<=\de)-(?=\d)")  # before a number, and in its exponent


@dataclass(frozen=True)
class Table:
    """Numbers in rows; the first column names them."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    alt: str
    kind: str = field(default="table", init=False)

    def header(self) -> dict[str, Any]:
        def line(texts: Sequence[str], name: str, others: str) -> str:
            first, *rest = (escape(_MINUS.sub("−", text)) for text in texts)
            named = name.format(first) if first else "<td></td>"  # an empty title names nothing
            return f"<tr>{named}{''.join(others.format(text) for text in rest)}</tr>"

        head = line(self.columns, '<th scope="col">{}</th>', '<th scope="col">{}</th>')
        body = "".join(line(row, '<th scope="row">{}</th>', "<td>{}</td>") for row in self.rows)
        html = f'<table class="lb-table"><thead>{head}</thead><tbody>{body}</tbody></table>'
        return {"kind": self.kind, "alt": self.alt, "html": html}

    def payload(self) -> bytes:
        return b""


def panel(title: str, image: Tensor, values: Tensor | None = None, quality: int = 88) -> Panel:
    """An image (H, W), (H, W, 3) or (C, H, W) with values in 0..1, lossless when small, else as JPEG.

    `values` (H, W) are read under the pointer where a small picture shows colours instead of the numbers themselves.
    """
    pixels = to_bytes(image)
    # What is clear in places cannot be a JPEG.
    small = max(pixels.shape[:2]) <= SMALL or pixels.shape[-1] == 4
    raw = small and pixels.size <= RAW
    data, mime = (pixels.tobytes(), "raw") if raw else _encoded(pixels, small, quality)
    shown = values if values is not None else image if image.ndim == 2 else None
    height, width = pixels.shape[:2]
    values = shown.detach().float() if small and shown is not None else None
    return Panel(title, data, mime, (height, width), values, crc32(data, width))


def _encoded(pixels: np.ndarray, lossless: bool, quality: int = 88) -> tuple[bytes, str]:
    """A file, and what it is."""
    form, how = ("PNG", {"compress_level": 1}) if lossless else ("JPEG", {"quality": quality})
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, form, **how)
    return buffer.getvalue(), f"image/{form.lower()}"


def to_bytes(image: Tensor) -> np.ndarray:
    """A tensor with values in 0..1, the channels first or last, as bytes the way Pillow takes them; bytes stay."""
    if image.ndim == 3 and image.shape[0] in (1, 3) and image.shape[-1] not in (1, 3):
        image = image.movedim(0, -1)
    if image.ndim == 3 and image.shape[-1] == 1:
        image = image[..., 0]
    if image.dtype != torch.uint8:
        image = image.detach().clamp(0, 1).mul_(255).round_().byte()
    return image.cpu().contiguous().numpy()


def signed(values: Tensor, most: float | None = None) -> Tensor:
    """Numbers (H, W) with a sign as colours (H, W, 3): orange below zero, white at it, blue above; full at ±most."""
    most = most or float(values.abs().amax()) or 1.0
    return _tinted(values * (127 / most) + 127, _SIGNED)


def glow(values: Tensor, most: float | None = None) -> Tensor:
    """Numbers (H, W) from 0 up as colours (H, W, 3): white at zero, over blue to near black at `most`."""
    most = most or float(values.amax()) or 1.0
    return _tinted(values * (254 / most), _GLOW)


def ember(values: Tensor, most: float | None = None) -> Tensor:
    """The same for a place beside pictures of light ink on black: black at zero, over orange to white at `most`."""
    most = most or float(values.amax()) or 1.0
    return _tinted(values * (254 / most), _EMBER)


def _tinted(index: Tensor, colors: bytes) -> Tensor:
    """The colours (H, W, 3), as bytes, of numbers from 0 to 254; Pillow is five times as quick as an index."""
    levels = index.detach().clamp(0, 254).round_().byte().cpu().contiguous()
    height, width = levels.shape
    image = Image.frombytes("P", (width, height), levels.numpy().tobytes())
    image.putpalette(colors)
    return torch.from_numpy(np.array(image.convert("RGB")))


def _ramp(*colors: str, steps: int = 255) -> bytes:
    """Colours from the first to the last, evenly."""
    stops = torch.tensor([rgb(color) for color in colors]) / 255
    at = torch.linspace(0, len(colors) - 1, steps)
    low = at.floor().long().clamp(max=len(colors) - 2)
    ramp = torch.lerp(stops[low], stops[low + 1], (at - low).unsqueeze(1))
    return bytes((ramp * 255).round().int().flatten().tolist())


_SIGNED, _GLOW = _ramp(BELOW, "#ffffff", ABOVE), _ramp("#ffffff", BLUE, "#001a2b")
_EMBER = _ramp("#000000", ACCENT, "#ffffff")


def inked(ink: Tensor) -> Tensor:
    """Ink (H, W) from 0 to 1 as a grey for light and dark paper: (H, W, 4), clear where there is none."""
    grey = torch.tensor([0.5, 0.54, 0.57]).expand(*ink.shape, 3)
    return torch.cat([grey, ink.unsqueeze(-1)], -1)


def underlay(image: Tensor, n: str = "", corner: float = 0.0, quality: int = 88) -> dict[str, Any]:
    """One of a layout's `images`: a picture under the marks of the axes n, its upper left at (corner, corner)."""
    drawn = panel("", image, quality=quality)
    height, width = drawn.size_hw
    mime = drawn.mime if drawn.mime != "raw" else "image/png"
    source = f"data:{mime};base64,{base64.b64encode(drawn.file()).decode()}"
    # By its name the browser finds the source again when the live road leaves it out.
    return {"source": source, "name": str(drawn.id), "layer": "below", "xref": f"x{n}", "yref": f"y{n}", "x": corner,
            "y": corner, "sizex": width, "sizey": height, "sizing": "stretch"}  # fmt: skip


def backdrop(image: Tensor, quality: int = 80, fade: float = 0.0) -> dict[str, Any]:
    """Parts of a Plot's layout: an image under the marks, axes in its pixels with the origin at the top left.

    `fade` lets the paper shine through, so that the colours of the marks stand out in either theme.
    """
    laid = underlay(image, quality=quality) | {"opacity": 1 - fade}
    height, width = laid["sizey"], laid["sizex"]
    plain = {"showgrid": False, "zeroline": False, "showticklabels": False, "constrain": "domain"}
    return {"images": [laid],
            "xaxis": plain | {"range": [0, width]},
            "yaxis": plain | {"range": [height, 0], "scaleanchor": "x"}}  # fmt: skip


def pair(title: str, before: Tensor, after: Tensor) -> Panel:
    """Two grey pictures of one size, one above the other, with a line between them."""
    gap = before.new_full((max(1, len(before) // 16), before.shape[1]), torch.nan)
    values = torch.cat([before, gap, after])
    mark = torch.tensor(rgb(ACCENT)) / 255
    return panel(title, torch.where(values.isnan()[..., None], mark, values[..., None].clamp(0, 1)), values)


def shown(x: Tensor) -> Tensor:
    """(C, H, W) as a picture: a grey one as (H, W), so that its numbers can be read under the pointer."""
    return x[0] if len(x) == 1 else x.movedim(0, -1)
