"""A model that the visitor has trained is a choice on the other pages of that session, and of no other."""

import pytest
from streamlit.testing.v1 import AppTest

from app import catalog
from app.vae import models, training
from tests.pages.screen import figures, open_page, rows, trouble

SHAPES = {"vae-train.data": "shapes", "vae-train.latent": "3", "vae-train.steps": "20"}


def turned(screen: AppTest, address: str, **choices: str) -> AppTest:
    screen.switch_page(f"../{catalog.PAGES[address].script}")
    for name, value in choices.items():
        screen.query_params[f"{address}.{name}"] = value
    return screen.run()


@pytest.mark.filterwarnings("ignore:.*torch.jit.script")  # PyTorch's own
def test_a_trained_model_goes_along_to_the_other_pages() -> None:
    screen = open_page("vae-train", SHAPES)
    run = screen.session_state["_live.desk"].jobs["vae-train"]
    screen.button(key="vae-train.keep").click().run()
    own = screen.session_state[models.OWN]
    assert (own.data, own.plan.latent, own.beta) == ("shapes", 3, 1.0)
    kept = training.rounded(run.watched().seen.net)
    assert all(own.net[name].equal(weight) for name, weight in kept.items())
    assert any("Your own" in caption.value for caption in screen.caption)

    turned(screen, "vae-factors", beta="own")
    assert trouble(screen) == []
    assert len(rows(figures(screen)["vae-factors.numbers"])) == 7
    assert "3" in figures(screen)["vae-factors.stage"]["alt"]
    turned(screen, "vae-beta", data="shapes", model="own")
    assert trouble(screen) == []
    assert rows(figures(screen)["vae-beta.numbers"])[1][0] == "your own"
    turned(screen, "vae-restore", data="own")
    assert trouble(screen) == []
    turned(screen, "vae", data="own")
    assert trouble(screen) == []

    told = open_page("vae-train", {**SHAPES, "vae-train.told": "true"})
    told.button(key="vae-train.keep").click().run()
    assert told.session_state[models.OWN].plan.classes == 3
    turned(told, "vae-inside", data="own")
    assert trouble(told) == [] and not told.info

    stranger = open_page("vae-factors", {"vae-factors.beta": "own"})
    assert "own" in stranger.info[0].value and trouble(stranger) == []


def test_the_loss_of_a_run_falls_while_it_is_watched() -> None:
    model = training.trainable("digits")
    plan = {"latent": 2, "kind": "mlp", "hidden": 16, "seed": 0}
    how = {
        "beta": 1.0,
        "warm": 0,
        "noise": 0.0,
        "decoder": "bernoulli",
        "sigma": 0.3,
        "lr": 5e-3,
        "batch": 32,
    }
    (state,) = training.begun("digits", plain=False, classes=0, steps=0, **plan, **how)
    before = model.observe(state).report
    for _step in range(25):
        state = model.step(state, how)
    after = model.observe(state).report
    assert state.finite and state.step == 25
    assert after.bound < 0.6 * before.bound
    assert set(how) == set(training.STEERED)


def test_the_plane_follows_the_class_under_the_hand() -> None:
    """Neither the grid nor the layer under the dots waits until the slider is let go."""
    screen = open_page("vae", {"vae.beta": "told", "vae.layer": "pictures", "vae.dots": "false"})
    assert trouble(screen) == []
    views = screen.session_state["_live.desk"].views
    for name in ("vae.plane", "vae.grid"):
        drawn = [views[name].answer({"class": c}) for c in (3, 7, 3)]
        assert str(drawn[0]) == str(drawn[2]) != str(drawn[1])
