"""The safe way in for pictures: the shipped ones, a file of the visitor's, a shot of the camera.

What a visitor brings is read in memory, made upright, opaque, RGB and at most 640 pixels long, and kept for the session
only: never on disk, never in a link. Whatever is no sound picture is refused with one sentence.
"""

import io
import threading
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate

from app.domains import Refused
from app.i18n import gettext as _
from app.kept import Keeper
from app.lab import Lab

ASSETS = Path(__file__).parent.parent / "assets"
MOST_BYTES, MOST_PIXELS = 10_000_000, 40_000_000
LONGEST, LEAST = 640, 8  # pixels a side, as they go on
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")  # the readers that we let Pillow try
Image.init()  # knows them all from the start
_one_at_a_time = threading.Lock()  # a picture of 40 megapixels takes 160 MB while it is read


@dataclass(frozen=True, eq=False)
class Photo(Keeper):
    """A picture to work on: `pixels` (1 or 3, H, W) in 0..1. Two of them are equal when they are the same one."""

    name: str
    pixels: Tensor


def choose(lab: Lab, default: str = "cat") -> Photo:
    """The controls for the picture of a page, and the picture."""
    chosen = lab.choice("picture", _("Picture"), _shipped() | _own(), default)
    if chosen in ("digit", "garment"):
        return sample("digits" if chosen == "digit" else "fashion", lab.slider("which", _("Which one"), 0, 99, 7))
    return photograph(chosen) if chosen in _shipped() else _brought(lab, chosen, default)


def title(photo: Photo) -> str:
    """What the list calls a picture."""
    name = photo.name.split()[0]
    return (_shipped() | _own())[{"digits": "digit", "fashion": "garment"}.get(name, name)]


def middle(photo: Photo, side: int) -> Tensor:
    """The middle square of it, (C, side, side)."""

    def cut() -> Tensor:
        least = min(photo.pixels.shape[1:])
        top, left = ((n - least) // 2 for n in photo.pixels.shape[1:])
        square = photo.pixels[None, :, top : top + least, left : left + least]
        return interpolate(square, (side, side), mode="bilinear", antialias=True)[0]

    found: Tensor = photo.cached(("middle", side), cut)
    return found


def _shipped() -> dict[str, str]:
    return {
        "cat": _("Cat"), "astronaut": _("Astronaut"), "coffee": _("Coffee"), "rocket": _("Rocket"),
        "photographer": _("Photographer, grey"), "coins": _("Coins, grey"), "bricks": _("Brick wall"),
        "galaxies": _("Galaxies"), "retina": _("Retina"), "digit": _("A digit"), "garment": _("A garment"),
    }  # fmt: skip


def _own() -> dict[str, str]:
    return {"own": _("Your own file"), "camera": _("Your camera")}


_FILES = {"cat": "chelsea", "photographer": "camera", "bricks": "brick", "galaxies": "hubble"}


@lru_cache
def photograph(name: str) -> Photo:
    """One of the shipped photographs."""
    path = ASSETS / "images" / f"{_FILES.get(name, name)}.png"
    with Image.open(path) as image:
        return Photo(name, _tensor(np.asarray(image)))


@lru_cache
def collection(name: str) -> tuple[Tensor, Tensor]:
    """The shipped "digits" or "fashion": pictures (N, 1, 28, 28) in 0..1 and labels (N,)."""
    with np.load(ASSETS / "data" / f"{name}.npz") as file:
        return torch.from_numpy(file["images"])[:, None] / 255, torch.from_numpy(file["labels"]).long()


@lru_cache(200)
def sample(name: str, which: int) -> Photo:
    return Photo(f"{name} {which}", collection(name)[0][which])


def _brought(lab: Lab, how: str, default: str) -> Photo:
    """The visitor's own picture: asked for among the controls, remembered on every page of the session."""
    # how -> (id of the file, Photo or refusal)
    kept: dict[str, Any] = st.session_state.setdefault("_images.own", {})
    with lab.words():
        if how == "own":
            types = ["png", "jpg", "jpeg", "webp", "gif", "bmp", "tif", "tiff", "avif"]
            file: Any = st.file_uploader(_("A picture of up to 10 MB"), types, key=f"{lab.address}-file")
        else:
            file = st.camera_input(_("Take a picture"), key=f"{lab.address}-shot")
        known = kept.get(how, (None, None))
        if file is not None and known[0] != file.file_id:
            try:
                known = file.file_id, Photo(how, read(file.getvalue()))
            except Refused as why:
                known = file.file_id, str(why)
            kept[how] = known
        if isinstance(known[1], str):
            st.warning(known[1], icon=":material/broken_image:")
        if known[1] is None:
            text = _("It stays in this session and is not part of a link. Until then you see a shipped one.")
            st.caption(text)
    return known[1] if isinstance(known[1], Photo) else photograph(default)


def read(data: bytes) -> Tensor:
    """A sound picture as a tensor (3, H, W) in 0..1, or Refused with a sentence."""
    if len(data) > MOST_BYTES:
        raise Refused(_("The file has {n:.1f} MB; up to 10 MB are possible.").format(n=len(data) / 1e6))
    if not data:
        raise Refused(_("The file is empty."))
    try:
        with _one_at_a_time, Image.open(io.BytesIO(data), formats=FORMATS) as image:
            return _tensor(np.asarray(_made_small(image)))
    except Refused:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Refused(_("The picture has more than 40 megapixels.")) from None
    except Image.UnidentifiedImageError:
        kinds = "PNG, JPEG, WebP, GIF, BMP, TIFF, AVIF"
        raise Refused(_("This is no picture that can be read; possible are {kinds}.").format(kinds=kinds)) from None
    except Exception:  # Pillow's readers raise whatever they stumble over
        raise Refused(_("The picture is damaged or cut off.")) from None


def _made_small(image: Image.Image) -> Image.Image:
    """The first frame, upright and plain; its size is judged before it is unpacked."""
    width, height = image.size
    if width * height > MOST_PIXELS:
        raise Refused(_("The picture has {n:.0f} megapixels; up to 40 are possible.").format(n=width * height / 1e6))
    scale = min(1.0, LONGEST / max(width, height))
    if min(width, height) * scale < LEAST:
        raise Refused(_("The picture is too narrow: it needs at least {n} pixels a side.").format(n=LEAST))
    image.draft("RGB", (LONGEST, LONGEST))  # a large JPEG is read at a fraction of its size
    image.load()
    turned = None
    with suppress(Exception):  # what a camera wrote beside the picture may be rubbish
        turned = _UPRIGHT.get(image.getexif().get(0x0112, 1))
    step = max(image.size) // (2 * LONGEST)
    # The other modes would be copied whole to be made smaller.
    if step > 1 and image.mode not in ("L", "RGB", "CMYK"):
        image = image.resize((image.width // step, image.height // step), Image.Resampling.NEAREST)
    small = _plain(image)
    return small.transpose(turned) if turned is not None else small


_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # fmt: skip


def _plain(image: Image.Image) -> Image.Image:
    """RGB with 8 bits, at most 640 pixels long: 16 bits are scaled, what is transparent becomes white."""
    if image.mode.startswith(("I", "F")):
        depth = np.asarray(image, dtype=np.float64)
        top = 65535 if image.mode.startswith("I") else np.nanmax(depth, initial=1.0)
        image = Image.fromarray(np.nan_to_num(depth / top * 255).clip(0, 255).astype(np.uint8))
    elif image.mode in ("P", "PA", "LA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
    image.thumbnail((LONGEST, LONGEST))
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")


def _tensor(pixels: Any) -> Tensor:
    """(H, W) or (H, W, 3) bytes -> (C, H, W) in 0..1"""
    found = torch.from_numpy(np.array(pixels)).float() / 255
    return found[None] if found.ndim == 2 else found[..., :3].movedim(-1, 0).contiguous()
