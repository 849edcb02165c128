"""A run as a GIF: what stood on the stage, from the first moment that is kept to the last."""

import torch
from PIL import Image, ImageDraw
from torch import Tensor

from app.figures import film, palette
from app.gan import plane
from app.gan.pictures import board
from app.i18n import gettext as _
from app.jobs import Moment, Watched
from core import gan2d, gan_pictures

ICON = ":material/gif_box:"
SIDE, LINE, FRAMES, SECONDS, DOT = 420, 28, 60, 8.0, 2.5


def plane_film(run: Watched, loss: str, layers: list[str]) -> bytes:
    """The plane of the GAN, the points in it and what D thinks of it."""
    return film.moving([_titled(_plane(m.seen[0].shot, loss, layers), m.step) for m in chosen(run)], SECONDS)


def board_film(run: Watched) -> bytes:
    """The samples of the GAN of pictures."""
    boards = [(board(m.seen[0].samples, gan_pictures.KINDS), m.step) for m in chosen(run)]
    pictures = [(Image.fromarray((255 * b).byte().numpy()).convert("RGB"), n) for b, n in boards]
    return film.moving([_titled(picture, n) for picture, n in pictures], SECONDS)


def chosen(run: Watched) -> list[Moment]:
    """At most so many moments, spread over the run, the first and the last among them."""
    last = len(run.moments) - 1
    places = torch.linspace(0, last, min(FRAMES, last + 1)).round().long().tolist()
    return [run.moments[i] for i in places]


def _plane(shot: gan2d.Snapshot, loss: str, layers: list[str]) -> Image.Image:
    share = plane.judged(shot, loss) if "judge" in layers else torch.full((2, 2), 0.5)
    paper = Image.fromarray(_tinted(share).byte().numpy())
    edge = (gan2d.REACH - plane.SEEN) / (2 * gan2d.REACH) * paper.width
    within = (edge, edge, paper.width - edge, paper.height - edge)
    paper = paper.resize((SIDE, SIDE), Image.Resampling.BICUBIC, box=within)
    pen = ImageDraw.Draw(paper)
    for points, color, name in ((shot.real, plane.REAL, "real"), (shot.fake, plane.FAKE, "fake")):
        for x, y in places(points[:300]) if name in layers else ():
            pen.ellipse((x - DOT, y - DOT, x + DOT, y + DOT), color)
    return paper


def places(points: Tensor) -> list[tuple[float, float]]:
    """Points (n, 2) of the plane in pixels from the top left."""
    x, y = ((points + plane.SEEN) / (2 * plane.SEEN) * SIDE).unbind(1)
    return list(zip(x.tolist(), (SIDE - y).tolist(), strict=True))


def _tinted(share: Tensor) -> Tensor:
    """D's answers 0..1, rows are y, as colours (H, W, 3) from the top: orange for generated, blue for data."""
    fake, real, paper = (torch.tensor(palette.rgb(c)) for c in (plane.FAKE, plane.REAL, palette.PAPER[0]))
    ink = torch.where(share[..., None] < 0.5, fake, real)
    return (paper + (ink - paper) * 0.6 * (2 * share[..., None] - 1).abs()).flip(0)


def _titled(picture: Image.Image, step: int) -> Image.Image:
    sheet = Image.new("RGB", (picture.width, picture.height + LINE), palette.PAPER[0])
    sheet.paste(picture, (0, LINE))
    ImageDraw.Draw(sheet).text((10, LINE / 2), _("step {n}").format(n=step), palette.INK, film.font(), "lm")
    return sheet
