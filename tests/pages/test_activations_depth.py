"""Through depth: every preset shows what its name says; what cannot be drawn is said."""

import pytest
import torch

from core import activations, depth
from tests.pages.screen import choose, figures, open_page, rows

ADDRESS = "activations-depth"


def ends(screen) -> dict[str, list[float]]:
    """The table of the page: name -> first layer, theory, last layer, theory."""
    table = rows(figures(screen)[f"{ADDRESS}.numbers"])[1:]
    return {name: [float(cell) for cell in cells] for name, *cells in table}


@pytest.mark.parametrize(
    ("preset", "holds"),
    [
        ("sigmoid", lambda t: t["gradient"][0] < 1e-12 * t["gradient"][2]),
        ("xavier", lambda t: t["std"][2] < 1e-3 * t["std"][0] and t["gradient"][0] < 1e-3 * t["gradient"][2]),
        ("kaiming", lambda t: 0.3 < t["std"][2] / t["std"][0] < 3),
        ("explodes", lambda t: t["std"][2] > 50 * t["std"][0]),
        ("selu", lambda t: t["std"][0] > 3 and abs(t["std"][2] - 1) < 0.15),
        ("zeros", lambda t: t["std"][0] == t["std"][2] == 0 and t["gradient"][0] == 0 < t["gradient"][2]),
    ],
)
def test_preset_shows_what_it_says(preset, holds):
    assert holds(ends(choose(open_page(ADDRESS), ADDRESS, preset)))


def test_numbers_are_those_of_the_network():
    shown = ends(open_page(ADDRESS, {f"{ADDRESS}.seed": "3", f"{ADDRESS}.depth": "7"}))
    bank = depth.bank(3, 7, 128, "normal", 64)
    signal = depth.signal(activations.bind("relu"), bank, 7, "normal", 0.1)
    assert shown["std"][2] == pytest.approx(signal.std[-1].item(), rel=5e-3)
    assert shown["gradient"][0] == pytest.approx(signal.gradient_std[0].item(), rel=5e-3)


@pytest.mark.parametrize(
    ("link", "sentence"),
    [
        ({"activation": "identity", "sigma": "0.5", "depth": "50", "width": "256"}, "From layer"),
        ({"activation": "relu", "sigma": "0.005", "depth": "50"}, "every unit gives the same"),
        ({"activation": "own", "formula": "log(x)"}, "From layer 1 on"),
    ],
)
def test_what_no_curve_can_show_is_said(link, sentence):
    screen = open_page(ADDRESS, {f"{ADDRESS}.{name}": value for name, value in link.items()})
    stage = figures(screen)[f"{ADDRESS}.stage"]
    assert sentence in stage["alt"] and sentence in stage["figure"]["layout"]["annotations"][0]["text"]


def test_a_typed_formula_is_an_activation_like_any_other():
    typed = {f"{ADDRESS}.activation": "own", f"{ADDRESS}.formula": "x * sigmoid(a * x)"}
    own = open_page(ADDRESS, typed | {f"{ADDRESS}.a": "1.5"})
    silu = open_page(ADDRESS, {f"{ADDRESS}.activation": "silu", f"{ADDRESS}.swish_beta": "1.5"})
    for name, values in ends(silu).items():
        assert ends(own)[name] == pytest.approx(values, rel=1e-2)


def test_a_formula_that_cannot_be_read_leaves_the_page_standing():
    screen = open_page(ADDRESS, {f"{ADDRESS}.activation": "own", f"{ADDRESS}.formula": "x^2"})
    assert [e.value.replace("\\", "") for e in screen.error] == ["Write ** for powers, not ^."]
    assert len(screen.info) == 1 and not screen.exception and not figures(screen)


def test_the_random_numbers_stay_while_depth_and_sigma_move():
    short = depth.experiment(torch.tanh, depth=5, sigma=0.1, seed=2)
    deep = depth.experiment(torch.tanh, depth=20, sigma=0.1, seed=2)
    torch.testing.assert_close(short.signal.std, deep.signal.std[:5])
