"""The GIF of a run: read back with Pillow."""

import io

import torch
from PIL import Image

from app.figures import palette
from app.gan import film, pictures, plane
from app.jobs import Job
from core import clouds, gan2d, gan_losses, gan_pictures
from tests.app.test_jobs import ByHand


def opened(gif: bytes) -> list[Image.Image]:
    file = Image.open(io.BytesIO(gif))
    return [(file.seek(i), file.convert("RGB"))[1] for i in range(file.n_frames)]


def near(frame: Image.Image, x: float, y: float, color: str) -> int:
    """The distance of a pixel's colour from a wanted one."""
    return max(abs(a - b) for a, b in zip(frame.getpixel((round(x), round(y))), palette.rgb(color), strict=True))


def test_the_points_stand_where_they_are_at_each_moment() -> None:
    states = gan2d.train(gan2d.init(clouds.cloud("two")), 4, kept=4, loss=gan_losses.chosen_loss("ns"), batch=16)
    run = Job(plane.MODEL, states, {}, place=ByHand()).watched()
    frames = opened(film.plane_film(run, "ns", ["judge", "real"]))
    assert len(frames) == 5 and frames[0].size == (film.SIDE, film.SIDE + film.LINE)
    x, y = film.places(run.seen.shot.real[:1])[0]
    assert near(frames[-1], x, y + film.LINE, plane.REAL) < 24
    bare = opened(film.plane_film(run, "ns", []))[-1]
    assert near(bare, x, y + film.LINE, palette.PAPER[0]) < 24


def test_a_film_of_boards_and_no_more_frames_than_a_film_has() -> None:
    state = gan_pictures.untrained(pictures.Album("digits"))
    run = Job(pictures.MODEL, [state], {}, place=ByHand()).watched()
    (frame,) = opened(film.board_film(run))
    shown = pictures.board(run.seen.samples, gan_pictures.KINDS)
    assert frame.size == (shown.shape[1], shown.shape[0] + film.LINE)
    pixels = torch.frombuffer(bytearray(frame.tobytes()), dtype=torch.uint8).reshape(*frame.size[::-1], 3)
    assert (pixels[film.LINE :, :, 0] / 255 - shown).abs().mean() < 0.03
    many = Job(plane.MODEL, [gan2d.init(clouds.cloud("two"))] * 150, {}, place=ByHand()).watched()
    chosen = film.chosen(many)
    assert len(chosen) == film.FRAMES and chosen[-1] is many.moments[-1] and chosen[0] is many.moments[0]
