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
from app.vae import between, film, inside, models, pad, restore, training
from core import anomaly, strokes, vae
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
        if "sampled" in found:
            assert found["sampled"] == pytest.approx(told["sampled"], abs=0.05), name
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
            made = Image.fromarray(to_bytes(here.decode(torch.tensor([xy]))[0])).resize((film.SIDE, film.SIDE), 3)
            assert abs(right - np.asarray(made)).max() < 9
    assert pad.standing(here, now)[1] == pytest.approx((0.0, -0.5), abs=1e-5)


def test_three_ways_become_a_film():
    pair = between.Pair(models.shipped("digits-8-1"), 0, 3)
    with Image.open(io.BytesIO(film.morphed(pair, 9))) as shown:
        assert shown.n_frames == 16  # there and back
        for place, t in ((0, 0.0), (4, 0.5), (12, 0.5)):
            shown.seek(place)
            blend = np.asarray(shown.convert("L"))[-film.WIDE :, -film.WIDE :].astype(float)
            made = Image.fromarray(to_bytes(pair.at("blend", torch.tensor([t]))[0]))
            assert abs(blend - np.asarray(made.resize((film.WIDE, film.WIDE), 3))).max() < 9


@pytest.mark.parametrize("layer", ["none", "pictures", "classes", "speed", "holes"])
def test_drawing_the_plane_again_adds_nothing_to_it(layer):
    """What lies under the dots is made once for all visitors: a figure must not write into it."""
    here = pad.laid(models.shipped("digits-2-1"), "dims", 1, 2)
    now = {"corners": 2, "w1_x": -2.0, "w1_y": 0.0, "w2_x": 2.0, "w2_y": 1.0, "t": 30}
    once, again, trodden, last = (pad.scatter(here, layer, True, way) for way in ((), (), pad.way(now), ()))
    assert len(trodden.data) == len(once.data) + 2
    for other in (again, last):
        assert len(other.data) == len(once.data) and str(other) == str(once)


def test_a_figure_keeps_only_the_pictures_that_it_shows():
    found = restore.tried(models.shipped("digits-8-0"), "other", 0.5)
    for part in (found.seen, found.restored):
        assert part.untyped_storage().nbytes() == 2 * restore.SHOWN * 28 * 28 * 4
    assert found.scores.shape == (2, restore.MANY)


def test_the_beginning_of_a_training_is_shared_and_not_copied():
    plan = {"latent": 2, "kind": "mlp", "hidden": 8, "seed": 0}
    how = {**{n: vae.SETTINGS[n] for n in training.STEERED}, "data": "digits", "plain": False}
    how |= {"classes": 0, "steps": 2}
    first, second = (training.begun(**plan, **how) for _ in range(2))
    assert first is not second and all(a is b for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("kind, noise", [("other", 0.0), ("other", 1.0), ("inverted", 0.0)])
def test_no_score_and_no_threshold_is_cut_off(kind, noise):
    model = models.shipped("digits-8-0")
    scores = restore.tried(model, kind, noise).scores
    best = anomaly.judge(scores[0], scores[1], 0.0).best
    plot = restore.draw(model, kind, noise, best)
    end = plot.layout["xaxis2"]["range"][1]
    assert max(best, scores.max().item()) <= end <= restore.MOST
    for row, trace in zip(scores, plot.data[1:3], strict=True):
        assert sum(trace["y"][1:-1:2]) == len(row) and max(trace["x"]) == end
    assert restore.draw(model, kind, noise, restore.MOST).layout["xaxis2"]["range"][1] == restore.MOST
