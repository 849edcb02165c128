"""The gate for pictures: what is sound comes in as it looks, everything else is refused with one sentence."""

import io
import struct
import warnings
import zlib

import numpy as np
import pytest
import torch
from PIL import Image

from app import images
from app.domains import Refused


def encoded(image: Image.Image, form: str = "PNG", **how) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **how)
    return buffer.getvalue()


def corners(width: int = 40, height: int = 24) -> Image.Image:
    """Red at the upper left, green at the upper right, blue at the lower left, white elsewhere."""
    pixels = np.full((height, width, 3), 255, np.uint8)
    pixels[:8, :8], pixels[:8, -8:], pixels[-8:, :8] = (255, 0, 0), (0, 255, 0), (0, 0, 255)
    return Image.fromarray(pixels)


def header_only(width: int, height: int) -> bytes:
    """A PNG that promises a size and holds nothing of it."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


GOOD = {
    "png": encoded(corners()),
    "jpeg": encoded(corners(), "JPEG", quality=95, subsampling=0),
    "webp": encoded(corners(), "WEBP", lossless=True),
    "bmp": encoded(corners(), "BMP"),
    "tiff": encoded(corners(), "TIFF"),
    "gif": encoded(corners(), "GIF"),
    "palette": encoded(corners().convert("P", palette=Image.Palette.ADAPTIVE)),
    "alpha": encoded(corners().convert("RGBA")),
    "cmyk": encoded(corners().convert("CMYK"), "JPEG", quality=95, subsampling=0),
    "animated": encoded(corners(), "GIF", save_all=True, append_images=[Image.new("RGB", (40, 24))]),
    "truncated extra": encoded(corners()) + b"rubbish after the end",
    "wrong name": encoded(corners(), "WEBP", lossless=True),
}


@pytest.mark.parametrize("kind", GOOD)
def test_a_sound_picture_comes_in_as_it_looks(kind):
    found = images.read(GOOD[kind])
    assert found.shape == (3, 24, 40) and found.dtype == torch.float32
    for at, colour in {
        (3, 3): (1, 0, 0),
        (3, 36): (0, 1, 0),
        (20, 3): (0, 0, 1),
        (20, 36): (1, 1, 1),
    }.items():
        assert torch.allclose(found[:, at[0], at[1]], torch.tensor(colour).float(), atol=0.06), kind


@pytest.mark.parametrize("turn", range(1, 9))
def test_the_orientation_of_the_camera_is_undone(turn):
    """Stored turned and told so in EXIF: it comes in upright."""
    back = {
        2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }  # fmt: skip
    stored, exif = corners(), Image.Exif()
    stored = stored.transpose(back[turn]) if turn in back else stored
    exif[0x0112] = turn
    found = images.read(encoded(stored, "PNG", exif=exif))
    assert torch.equal(found, images.read(encoded(corners())))


def test_what_is_transparent_becomes_white():
    clear = Image.new("RGBA", (16, 16), (255, 0, 0, 0))
    assert images.read(encoded(clear)).eq(1).all()


def test_sixteen_bits_are_scaled_not_cut():
    ramp = np.linspace(0, 65535, 16 * 16).reshape(16, 16).astype(np.uint16)
    found = images.read(encoded(Image.fromarray(ramp)))
    assert torch.allclose(found[0], torch.from_numpy(ramp / 65535).float(), atol=1 / 255)
    assert torch.equal(found[0], found[2])


def test_floats_are_scaled_to_their_largest():
    ramp = np.linspace(0, 7, 16 * 16).reshape(16, 16).astype(np.float32)
    ramp[0, 0] = np.nan
    found = images.read(encoded(Image.fromarray(ramp), "TIFF"))
    assert torch.allclose(found[0, 1:], torch.from_numpy(ramp[1:] / 7), atol=1 / 255)


@pytest.mark.parametrize(
    ("size", "expected"), [((2000, 1000), (320, 640)), ((640, 640), (640, 640)), ((9, 5000), None)]
)
def test_large_pictures_are_made_smaller(size, expected):
    data = encoded(Image.new("RGB", size, (10, 200, 30)), "JPEG")
    if expected is None:
        with pytest.raises(Refused, match="too narrow"):
            images.read(data)
    else:
        assert images.read(data).shape[1:] == expected


def noise(n: int) -> bytes:
    return np.random.default_rng(0).bytes(n)


PNG, JPEG, GIF, WEBP, TIFF = GOOD["png"], GOOD["jpeg"], GOOD["gif"], GOOD["webp"], GOOD["tiff"]
HOSTILE = {
    "empty": b"",
    "one byte": b"\x00",
    "text": b"just some words, renamed to .png",
    "html": b"<html><script>alert(1)</script></html>",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect/></svg>',
    "svg bomb": b'<!DOCTYPE x [<!ENTITY a "' + b"a" * 1000 + b'">]><svg>&a;</svg>',
    "json": b'{"a": 1}',
    "zip": b"PK\x03\x04" + noise(200),
    "pdf": b"%PDF-1.7\n" + noise(200),
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    "executable": b"\x7fELF" + noise(200),
    "noise": noise(5000),
    "only the head of a png": PNG[:20],
    "png cut off": PNG[: len(PNG) // 2],
    "png with a broken sum": PNG[:40] + b"\xff\xff" + PNG[42:],
    "png with nothing inside": header_only(64, 64),
    "png of no size": header_only(0, 64),
    "bomb": header_only(30_000, 30_000),
    "half a bomb": header_only(7_000, 7_000),
    "line of 4 megapixels": header_only(4_000_000, 1),
    "jpeg cut off": JPEG[: len(JPEG) // 2],
    "jpeg of noise": JPEG[:200] + noise(500),
    "gif cut off": GIF[:30],
    "webp cut off": WEBP[: len(WEBP) // 2],
    "tiff cut off": TIFF[:60],
    "tiff that points behind its end": b"II*\x00\xff\xff\xff\x7f",
    "icon": encoded(Image.new("RGB", (32, 32)), "ICO"),
    "too many bytes": PNG + bytes(images.MOST_BYTES),
    "two pixels": encoded(Image.new("RGB", (2, 2))),
    "bmp with a wild size": GOOD["bmp"][:18] + struct.pack("<ii", 2**30, 2**30) + GOOD["bmp"][26:],
}


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("strict", [True, False], ids=["warnings raise", "warnings pass"])
def test_whatever_else_is_refused_with_a_sentence(kind, strict):
    with warnings.catch_warnings():
        warnings.simplefilter("error" if strict else "ignore")
        with pytest.raises(Refused) as refusal:
            images.read(HOSTILE[kind])
    assert str(refusal.value).endswith(".") and 15 < len(str(refusal.value)) < 200


@pytest.mark.parametrize(
    "name", ["cat", "astronaut", "coffee", "rocket", "photographer", "coins", "bricks", "galaxies", "retina"]
)
def test_the_shipped_photographs_are_there(name):
    pixels = images.photograph(name).pixels
    assert pixels.shape[0] in (1, 3) and 300 <= max(pixels.shape[1:]) <= images.LONGEST
    assert 0 <= pixels.min() < 0.3 < 0.5 < pixels.max() <= 1
    assert images.photograph(name) is images.photograph(name)


def test_the_shipped_collections_hold_all_classes():
    for name in ("digits", "fashion"):
        pictures, labels = images.collection(name)
        assert pictures.shape == (10_000, 1, 28, 28) and pictures.max() == 1
        assert labels.bincount().min() > 800
        assert torch.equal(images.sample(name, 3).pixels, pictures[3])
