"""Tensors -> pictures: bytes that the browser paints on a canvas, and tables that it writes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from PIL import Image
from torch import Tensor

SMALL = 96  # up to this many pixels a side: lossless, drawn as crisp squares, real values under the pointer


@dataclass(frozen=True)
class Picture:
    """An encoded image. `values` are the numbers behind the colours of a small one, shown under the pointer."""

    data: bytes
    mime: str
    size_hw: tuple[int, int]
    alt: str
    values: Tensor | None = None
    kind: str = field(default="picture", init=False)

    def header(self) -> dict[str, Any]:
        height, width = self.size_hw
        return {"kind": self.kind, "alt": self.alt, "mime": self.mime, "width": width, "height": height,
                "crisp": max(height, width) <= SMALL, "pixels": self.values}  # fmt: skip

    def payload(self) -> bytes:
        return self.data


@dataclass(frozen=True)
class Table:
    """Numbers in rows; the first column names them."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    alt: str
    kind: str = field(default="table", init=False)

    def header(self) -> dict[str, Any]:
        def line(texts: Sequence[str], name: str, others: str) -> str:
            first, *rest = map(escape, texts)
            return f"<tr>{name.format(first)}{''.join(others.format(text) for text in rest)}</tr>"

        head = line(self.columns, '<th scope="col">{}</th>', '<th scope="col">{}</th>')
        body = "".join(line(row, '<th scope="row">{}</th>', "<td>{}</td>") for row in self.rows)
        html = f'<table class="lb-table"><thead>{head}</thead><tbody>{body}</tbody></table>'
        return {"kind": self.kind, "alt": self.alt, "html": html}

    def payload(self) -> bytes:
        return b""


def picture(image: Tensor, alt: str, quality: int = 88) -> Picture:
    """A picture of a tensor (H, W) or (H, W, 3) with values in 0..1: PNG when small, else JPEG."""
    pixels = (image.detach().clamp(0, 1) * 255).round().byte().cpu().numpy()
    height, width = pixels.shape[:2]
    small = max(height, width) <= SMALL
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(
        buffer, "PNG" if small else "JPEG", **({} if small else {"quality": quality})
    )
    return Picture(buffer.getvalue(), "image/png" if small else "image/jpeg", (height, width), alt,
                   image.detach().float() if small and image.ndim == 2 else None)  # fmt: skip
