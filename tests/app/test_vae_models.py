"""The shipped autoencoders do what is written down about them; what the visitor draws or brings reaches the encoder."""

import io
import json

import numpy as np
import pytest
import torch
from PIL import Image

from app.figures.picture import to_bytes
from app.images import photograph
from app.models import MODELS
from app.vae import film, inside, models, pad
from core import strokes
from tools.train_vae import NOTES, measured

TOLD = json.loads(NOTES.read_text())


def test_every_model_reproduces_its_recorded_losses():
    assert TOLD.keys() == models.SHIPPED.keys()
    for name, told in TOLD.items():
        made = models.SHIPPED[name]
        judged = name in ("digits-8-1", "fashion-2-conditional")  # the classifier takes its time
        found = measured(made, models.network(name), *models.held_back(made.data), judged)
        assert found["reconstruction"] == pytest.approx(told["reconstruction"], abs=0.05), name
        if made.beta:
            assert found["kl"] == pytest.approx(told["kl"], abs=2e-3), name
        for key in [key for key in found if key.startswith("accuracy")]:
            assert found[key] == pytest.approx(told[key], abs=2e-3), f"{name} {key}"


def test_the_set_is_small_and_more_dimensions_show_more():
    assert sum(f.stat().st_size for f in (MODELS / "vae").glob("*.safetensors")) < 8e6
    for data in ("digits", "fashion"):
        for beta in ("0.5", "1"):
            two, eight = (TOLD[f"{data}-{n}-{beta}"]["accuracy_reconstructions"] for n in (2, 8))
            assert eight > two
    assert TOLD["digits-8-1"]["accuracy_reconstructions"] > 0.85


def test_a_drawing_reaches_the_encoder_unchanged():
    text = ".G43SQ3LZuUiSSTJG7b"
    asked = inside.Asked(models.shipped("digits-8-1"), "pen")
    raster = strokes.raster(strokes.unpack(text, (0, 0, 28, 28)))
    assert torch.equal(asked.picture({"drawing": text, "centred": False}), raster)
    seen = asked.picture({"drawing": text, "centred": True})
    assert not torch.equal(seen, raster)
    at = torch.arange(28.0)
    assert (seen.sum(0) @ at / seen.sum()).item() == pytest.approx(14, abs=0.7)  # its centre of mass
    assert torch.equal(asked.paper({"drawing": text, "centred": True}), raster)


def test_a_photograph_is_made_small():
    x, y = (inside.small(photograph("cat"), swapped) for swapped in (False, True))
    assert x.shape == (28, 28) and 0 <= x.min() < x.max() <= 1
    torch.testing.assert_close(x + y, torch.ones(28, 28), atol=0.005, rtol=0)


def test_the_way_becomes_a_film():
    here = pad.laid(models.shipped("digits-2-1"), "dims", 1, 2)
    now = {"corners": 2, "w1_x": -2.0, "w1_y": 0.0, "w2_x": 2.0, "w2_y": -1.0, "t": 30}
    with Image.open(io.BytesIO(film.walked(here, now))) as shown:
        assert shown.n_frames > 30 and shown.size == (2 * film.SIDE + 8, film.SIDE)
        for place, xy in (
            (0, (-2.0, 0.0)),
            (pad.STEPS, (2.0, -1.0)),
        ):  # all greys, far from the frame in the middle
            shown.seek(place)
            right = np.asarray(shown.convert("L"))[:, -film.SIDE :].astype(float)
            made = Image.fromarray(to_bytes(here.decode(torch.tensor([xy]))[0])).resize(
                (film.SIDE, film.SIDE), 3
            )
            assert abs(right - np.asarray(made)).max() < 9
    assert pad.standing(here, now)[1] == pytest.approx((0.0, -0.5), abs=1e-5)


def test_a_plane_is_the_same_when_it_is_drawn_again():
    here = pad.laid(models.shipped("digits-2-1"), "dims", 1, 2)
    first, again = (pad.scatter(here, "none", True) for _twice in range(2))
    assert len(first.data) == len(again.data) == 3 + 10  # three contours and ten classes
