"""Your own formula: parameters become sliders, the badge is honest, hostile input gets a sentence."""

import pytest

from app import formulas
from core.formula import FAULTS, FormulaError, parse
from tests.core.test_formula import HOSTILE
from tests.pages.screen import choose, figures, open_page, presets, rows, values

ADDRESS = "activations-formula"


def table(screen, name: str) -> list[str]:
    return rows(figures(screen)[f"{ADDRESS}.{name}"])[1]


@pytest.mark.parametrize("preset", presets(ADDRESS))
def test_autograd_and_differences_agree_wherever_there_is_a_slope(preset):
    assert float(table(choose(open_page(ADDRESS), ADDRESS, preset), "badge")[1]) < 1e-6


def test_parameters_become_sliders():
    screen = open_page(ADDRESS, {f"{ADDRESS}.formula": "b * x + d", f"{ADDRESS}.b": "2.0"})
    assert {f"{ADDRESS}.b", f"{ADDRESS}.d"} <= set(values(screen)) and f"{ADDRESS}.a" not in values(screen)
    assert table(screen, "probe")[1:] == ["3.0000", "2.0000", "2.0000"]


def test_kinks_are_counted_and_nan_is_named():
    kinks = choose(open_page(ADDRESS), ADDRESS, "kink")
    assert table(kinks, "badge")[2] == "2"
    assert table(choose(open_page(ADDRESS), ADDRESS, "hole"), "probe")[2] == "NaN"


@pytest.mark.parametrize("text", ["x^2", "__import__(x)", "(" * 150, "9**9**9", "x.__class__", "💥", "$x$", "{x}"])
def test_what_cannot_be_read_is_said_beside_it_and_the_rest_stays(text):
    screen = open_page(ADDRESS, {f"{ADDRESS}.formula": text})
    with pytest.raises(FormulaError) as refusal:
        parse(text)
    assert [e.value.replace("\\", "") for e in screen.error] == [str(refusal.value)]
    assert set(figures(screen)) == {f"{ADDRESS}.stage"} and not screen.exception


def test_every_refusal_can_be_translated():
    for text in HOSTILE:
        with pytest.raises(FormulaError) as refusal:
            parse(text)
        assert formulas.sentence(refusal.value) == str(refusal.value)
        assert refusal.value.fault in FAULTS


@pytest.mark.parametrize("text", ["tan(x) + 1 / x", "exp(exp(x))", "log(x)", "0 * x", "x**x", "1"])
def test_poles_holes_and_constants_are_drawn(text):
    screen = open_page(ADDRESS, {f"{ADDRESS}.formula": text})
    layout = figures(screen)[f"{ADDRESS}.stage"]["figure"]["layout"]
    assert not screen.exception and not screen.warning
    assert all(abs(end) < 1e6 for axis in ("yaxis", "yaxis2") for end in layout[axis]["range"])
