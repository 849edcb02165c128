"""The optimizer pages: what they claim, worked out another way."""

import math
from base64 import b64decode
from urllib.parse import parse_qsl

import pytest
import torch

from tests.pages.screen import choose, figures, open_page, rows, trouble, values


def scoreboard(screen) -> dict[str, list[str]]:
    return {row[0]: row[1:] for row in rows(figures(screen)["optimizers.scores"])[1:]}


def test_the_scoreboard_is_what_torch_optim_does():
    screen = open_page(
        "optimizers", {"optimizers.rules": ["gd", "adam"], "optimizers.steps": "50", "optimizers.lr": "0.1"}
    )
    for name, make in (("Gradient descent", torch.optim.SGD), ("Adam", torch.optim.Adam)):
        p = torch.tensor([-2.5, 1.2], dtype=torch.float64, requires_grad=True)
        optimizer, scale = make([p], lr=0.1), torch.tensor([1.0, 20.0], dtype=torch.float64)
        for _ in range(50):
            optimizer.zero_grad()
            (0.5 * (scale * p * p).sum()).backward()
            optimizer.step()
        loss = (0.5 * (scale * p * p).sum()).item()
        assert float(scoreboard(screen)[name][2]) == pytest.approx(loss, rel=1e-3)
        assert float(scoreboard(screen)[name][3]) == pytest.approx(p.norm().item(), rel=1e-3)


def test_past_the_limit_descent_diverges_and_the_page_says_when():
    screen = open_page("optimizers", {"optimizers.rules": "gd", "optimizers.lr": "1", "optimizers.steps": "100"})
    # across the ravine w is multiplied by 1 - 20: it passes 1e8 at the first t with 1.2 * 19^t > 1e8
    step = math.ceil(math.log(1e8 / 1.2) / math.log(19))
    assert scoreboard(screen)["Gradient descent"][1] == f"diverged at step {step}"
    assert f"diverged at step {step}" in figures(screen)["optimizers.stage"]["alt"]
    assert trouble(screen) == []


@pytest.mark.parametrize("rule", ["gd", "momentum", "rprop", "newton", "lbfgs", "lion", "adadelta"])
@pytest.mark.parametrize("surface", ["monkey_saddle", "rastrigin", "cliff", "data", "own"])
def test_every_rule_on_every_kind_of_ground(rule, surface):
    link = {
        "optimizers.rules": rule,
        "optimizers.surface": surface,
        "optimizers.lr": "10",
        "optimizers.steps": "40",
    }
    screen = open_page("optimizers", link)
    assert trouble(screen) == []
    assert "optimizers.stage" in figures(screen)


def test_each_at_its_best_is_no_worse_than_the_same_for_all():
    same = scoreboard(open_page("optimizers"))
    best = scoreboard(open_page("optimizers", {"optimizers.rates": "best"}))
    for name in same:
        assert float(best[name][2]) <= float(same[name][2])


def test_no_steps_and_no_rules():
    screen = open_page("optimizers", {"optimizers.steps": "0"})
    assert trouble(screen) == [] and "optimizers.stage" in figures(screen)
    screen = open_page("optimizers", {"optimizers.rules": ""})
    assert [str(i.value) for i in screen.info] == ["Choose at least one rule on the left."]


@pytest.mark.parametrize("formula", ["log(0 * x)", "1 / 0", "x +", "sqrt(-1 - x**2 - y**2)"])
def test_a_formula_that_cannot_be_walked_on_is_answered_in_words(formula):
    screen = open_page("optimizers", {"optimizers.surface": "own", "optimizers.formula": formula})
    assert screen.error or screen.warning or screen.info
    assert not screen.exception


def test_paths_stay_hidden_until_the_guess():
    screen = open_page("optimizers", {"optimizers.predict": "true"})
    hidden = figures(screen)["optimizers.stage"]["figure"]["data"]
    assert "optimizers.scores" not in figures(screen)
    screen.number_input(key="optimizers.guess_x").set_value(0.5)
    screen.number_input(key="optimizers.guess_y").set_value(0.5).run()
    shown = figures(screen)["optimizers.stage"]["figure"]["data"]
    assert len(shown) >= len(hidden) + 6
    assert "optimizers.scores" in figures(screen)


def test_the_start_of_each_surface_is_its_own():
    screen = open_page("optimizers", {"optimizers.ravine_start_x": "1"})
    screen = choose(screen, "optimizers", "cliff")
    assert values(screen)["optimizers.cliff_start_x"] == 1.05
    assert screen.query_params["optimizers.cliff_start_x"] == "1.05"


def test_adams_first_step_is_as_long_as_the_rate():
    screen = open_page("optimizers-step", {"optimizers-step.t": "1", "optimizers-step.lr": "0.2"})
    table = {row[0]: row[1:] for row in rows(figures(screen)["optimizers-step.numbers"])[1:]}
    assert [abs(float(v)) for v in table["−r·d"]] == pytest.approx([0.2, 0.2], rel=1e-4)


def test_shares_of_the_basins_add_up():
    screen = open_page("optimizers-basins")
    shares = [float(row[1]) for row in rows(figures(screen)["optimizers-basins.numbers"])[1:]]
    assert sum(shares) == pytest.approx(1, abs=3e-4)
    assert min(shares[:4]) > 0.2, "four minima share the plane"


def test_a_fine_map_says_how_long_it_took():
    screen = open_page("optimizers-basins", {"optimizers-basins.size": "256", "optimizers-basins.steps": "20"})
    assert any("65 536 starts × 20 steps in" in c.value for c in screen.caption)


def test_the_best_cell_of_the_ravine_is_within_the_limit():
    screen = open_page("optimizers-sweep")
    best = rows(figures(screen)["optimizers-sweep.numbers"])[2]
    lr, rho = float(best[1]), float(best[2])
    assert lr < 2 * (1 + rho) / 20


def test_the_chosen_cell_can_be_walked_on_the_stage():
    sent = {"surface": "rosenbrock", "rule": "adam", "lg": "-0.7", "rho": "0.5", "steps": "120", "b": "50"}
    screen = open_page("optimizers-sweep", {f"optimizers-sweep.{n}": v for n, v in sent.items()})
    (link,) = [found for found in screen.main.get("page_link") if "η" in found.proto.label]
    walk = open_page("optimizers", dict(parse_qsl(link.proto.query_string)))
    found = values(walk)
    wanted = {"surface": "rosenbrock", "rules": ["adam"], "adam_beta1": 0.5, "steps": 120, "b": 50.0}
    assert {n: found[f"optimizers.{n}"] for n in wanted} == wanted
    assert found["optimizers.lr"] == pytest.approx(10**-0.7, rel=0.05)


def test_weight_decay_as_torch_has_it():
    link = {"rules": ["adam", "adamw"], "surface": "himmelblau", "lr": "0.1", "decay": "0.5", "steps": "60"}
    screen = open_page("optimizers", {f"optimizers.{n}": v for n, v in link.items()})
    for name, make in (("Adam", torch.optim.Adam), ("AdamW", torch.optim.AdamW)):
        p = torch.tensor([-0.5, -1.5], dtype=torch.float64, requires_grad=True)
        optimizer = make([p], lr=0.1, weight_decay=0.5)
        for _ in range(60):
            optimizer.zero_grad()
            ((p[0] ** 2 + p[1] - 11) ** 2 + (p[0] + p[1] ** 2 - 7) ** 2).backward()
            optimizer.step()
        with torch.no_grad():
            loss = (p[0] ** 2 + p[1] - 11) ** 2 + (p[0] + p[1] ** 2 - 7) ** 2
        assert float(scoreboard(screen)[name][2]) == pytest.approx(loss.item(), rel=1e-3)


def test_nesterov_looks_ahead_from_the_weights():
    """The weights of Sutskever's form, walked here by hand, are where the arrow begins."""
    w, m, lr, rho = [-2.5, 1.2], [0.0, 0.0], 0.02, 0.9
    for _ in range(2):
        ahead = [a - lr * rho * b for a, b in zip(w, m, strict=True)]
        m = [rho * b + k * a for b, a, k in zip(m, ahead, (1.0, 20.0), strict=True)]
        w = [a - lr * b for a, b in zip(w, m, strict=True)]
    screen = choose(open_page("optimizers-step"), "optimizers-step", "nesterov")
    traces = figures(screen)["optimizers-step.stage"]["figure"]["data"]
    (arrow,) = [t for t in traces if t.get("name") == "look ahead, −ηρm"]
    ahead = [a - lr * rho * b for a, b in zip(w, m, strict=True)]
    for axis, tail, tip in zip("xy", w, ahead, strict=True):
        found = torch.frombuffer(bytearray(b64decode(arrow[axis]["bdata"])), dtype=torch.float64)[:2].tolist()
        assert found == pytest.approx([tail, tip], rel=1e-9)
