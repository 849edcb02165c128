"""The training loop with torch.optim against our formulas: two ways to the same place."""

import math

import pytest
import torch

from core import landscapes, surfaces, torch_walk
from tests.core.ground import bind, descend, torch_optim_call

MINIMA = [(0.0, 0.0)]


@pytest.mark.parametrize("clip", [0.0, 0.7])
@pytest.mark.parametrize("noise", [0.0, 0.3])
@pytest.mark.parametrize("rule", ["gd", "momentum", "adam", "adagrad", "lbfgs"])
def test_arrives_where_our_formulas_arrive(rule: str, noise: float, clip: float) -> None:
    field, start = bind("ravine", kappa=5.0, rotation=20.0), (-2.0, 1.0)
    more = {"noise": noise, "clip": clip, "seed": 3}
    ours = descend(field.gradient, start, rule, 40, 0.05, decay=0.0, **more)
    text = torch_optim_call(rule, {"lr": 0.05, "decay": 0.0})
    theirs = torch_walk.walk(rule, field.f, start, lambda p: eval(text, {"torch": torch, "p": p}), 40,
                             minima=MINIMA, **more)  # fmt: skip
    score = landscapes.scoreboard(ours.points, ours.diverged_at, field.f, MINIMA)
    assert theirs.loss == pytest.approx(score.final_loss.item(), rel=1e-9)
    assert theirs.distance == pytest.approx(score.distance.item(), rel=1e-9)
    assert theirs.steps == score.steps.item()
    assert theirs.lr == 0.05


def test_says_at_which_step_it_diverged() -> None:
    field = bind("bowl")
    ours = descend(field.gradient, (1.0, 0.0), "gd", 100, 4.0)
    theirs = torch_walk.walk("gd", field.f, (1.0, 0.0), lambda p: torch.optim.SGD([p], lr=4.0), 100)
    # w grows by -3 in each step: 3^17 is the first power above 1e8
    assert theirs.diverged_at == ours.diverged_at.item() == math.ceil(8 / math.log10(3))
    assert math.isnan(theirs.distance) and theirs.steps == -1


def test_follows_a_schedule() -> None:
    field = bind("bowl")
    theirs = torch_walk.walk("gd", field.f, (1.0, 0.0), lambda p: torch.optim.SGD([p], lr=0.5), 3,
                             lambda opt: torch.optim.lr_scheduler.ExponentialLR(opt, gamma=0.5))  # fmt: skip
    w = (1 - 0.5) * (1 - 0.25) * (1 - 0.125)  # each step multiplies by 1 - lr
    assert theirs.loss == pytest.approx(0.5 * w * w)


def test_judges_a_path_of_ours_in_the_same_words() -> None:
    field = bind("himmelblau")
    path = descend(field.gradient, (3.2, 2.1), "newton", 10, hessian=field.hessian)
    minima = list(surfaces.SURFACES["himmelblau"].minima)
    verdict = torch_walk.judge_path("newton", 1.0, path, field.f, minima)
    slow = [float(field.f(x, y)) for x, y in path.points[:, 0].tolist()]
    assert verdict.loss == slow[-1] < 1e-12
    assert verdict.steps == next(t for t, loss in enumerate(slow) if loss <= 1e-3)
    assert verdict.distance == pytest.approx(math.dist(path.points[-1, 0].tolist(), (3.0, 2.0)), abs=1e-9)
