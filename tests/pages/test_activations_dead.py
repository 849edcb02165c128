"""Dead ReLU: every preset shows what its name says, and the epoch can be dragged through the whole training."""

import pytest

from tests.pages.screen import choose, figures, open_page, rows

ADDRESS = "activations-dead"


def state(screen) -> dict[str, dict[str, float]]:
    head, *lines = rows(figures(screen)[f"{ADDRESS}.numbers"])
    return {line[0]: dict(zip(head[1:], map(float, line[1:]), strict=True)) for line in lines}


def dead(line: dict[str, float]) -> float:
    return (line["dead in layer 1"] + line["dead in layer 2"]) / 2


@pytest.mark.parametrize(
    ("preset", "holds"),
    [
        ("large", lambda relu, leaky: dead(relu) > 0.5 and dead(leaky) == 0 and leaky["accuracy"] > 0.95),
        ("small", lambda relu, leaky: dead(relu) < 0.1 and min(relu["accuracy"], leaky["accuracy"]) > 0.95),
        ("hidden", lambda relu, leaky: 0.3 < dead(relu) < 0.7 and relu["accuracy"] > 0.9),
        ("limit", lambda relu, leaky: dead(relu) > 0.5 and leaky["accuracy"] < 0.7),
    ],
)
def test_preset_shows_what_it_says(preset, holds):
    lines = state(choose(open_page(ADDRESS), ADDRESS, preset))
    assert holds(lines["ReLU"], lines["Leaky ReLU"])


def test_the_epoch_is_live_and_what_diverged_says_so():
    screen = open_page(ADDRESS, {f"{ADDRESS}.lr": "8"})
    view = screen.session_state["_live.desk"].views[f"{ADDRESS}.stage"]
    assert set(view.domains) == {"epoch"}
    assert "diverged" not in view.answer({"epoch": 0}).alt
    assert "diverged at epoch" in view.answer({"epoch": 60}).alt


@pytest.mark.parametrize("functions", [[""], ["relu", "elu", "selu", "gelu", "silu", "mish"]])
def test_too_few_or_too_many_activations_are_refused_in_a_sentence(functions):
    screen = open_page(ADDRESS, {f"{ADDRESS}.functions": functions})
    assert [e.value for e in screen.info] == ["Choose one to 5 activations on the left."]
    assert not figures(screen) and not screen.exception
