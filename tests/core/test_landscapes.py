"""Maps against walking one by one, limits against the walks themselves, mini-batches against autograd."""

import math
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from core import landscapes, surfaces
from core.descent import arrive
from core.fields import Field, eigenvalues, lambda_max
from core.landscapes import (
    DIVERGED,
    NOWHERE,
    WAITING,
    Walk,
    basins,
    best_lr,
    curves,
    minibatch_gradients,
    regression,
    regression_gradient,
    regression_hessian,
    regression_loss,
    resting_places,
    scoreboard,
    stability_limit,
    sweep,
    which,
)
from core.surfaces import SURFACES
from tests.core.ground import bind, descend, run, walker

QUICK = settings(max_examples=10, deadline=None)
HILLS, HIMMELBLAU = bind("himmelblau"), SURFACES["himmelblau"]


def walk(field: Field, rule: str, lr: float, steps: int = 100) -> Walk:
    return lambda starts: arrive(field.gradient, starts, run(rule, lr), steps, field.hessian)


# --- Basins ---


def test_basins_equal_walking_one_by_one() -> None:
    *parts, whole = basins(walk(HILLS, "adam", 0.1), HIMMELBLAU.minima, HIMMELBLAU.view, 24, dtype=torch.float64)
    assert not parts and whole.done == 1
    for i in range(0, 24, 7):
        for j in range(0, 24, 5):
            end = descend(HILLS.gradient, (whole.x[j].item(), whole.y[i].item()), "adam", 100, 0.1).points[-1, 0]
            assert torch.allclose(whole.ends[i, j], end, atol=1e-6)
            gaps = [math.dist(end.tolist(), m) for m in HIMMELBLAU.minima]
            nearest = min(range(4), key=gaps.__getitem__)
            assert whole.reached[i, j] == (nearest if gaps[nearest] <= 0.1 else NOWHERE)


def test_basins_come_in_parts_that_do_not_change_the_map() -> None:
    full = list(basins(walk(HILLS, "gd", 0.01), HIMMELBLAU.minima, HIMMELBLAU.view, 32, chunk=10_000))
    parts = list(basins(walk(HILLS, "gd", 0.01), HIMMELBLAU.minima, HIMMELBLAU.view, 32, chunk=100))
    assert len(full) == 1 and len(parts) == 11
    assert all(a.done < b.done for a, b in pairwise(parts)) and parts[-1].done == 1
    assert torch.equal(full[-1].reached, parts[-1].reached)
    assert (parts[0].reached[3:] == WAITING).all() and (parts[0].reached[:3] != WAITING).all()
    assert set(full[-1].reached.unique().tolist()) >= {0, 1, 2, 3}


def test_a_step_above_2_over_the_curvature_leaves_the_sharp_minimum() -> None:
    field, minima = bind("sharp_flat", sharpness=30), SURFACES["sharp_flat"].minima
    for lr, left in ((0.9 * 2 / 30, True), (1.2 * 2 / 30, False)):
        *_, last = basins(walk(field, "gd", lr, 300), minima, SURFACES["sharp_flat"].view, 40)
        assert (last.reached == 0).any()
        assert bool((last.reached == 1).any()) == left


def test_too_fast_diverges_everywhere_but_in_the_middle() -> None:
    *_, last = basins(walk(bind("bowl"), "gd", 2.5, 200), [(0.0, 0.0)], (-3, 3, -3, 3), 16)
    assert (last.reached == DIVERGED).all() and last.ends.isfinite().all()


def test_which_minimum() -> None:
    ends = torch.tensor([[0.0, 0.0], [1.04, 0.0], [0.5, 0.0], [0.0, 0.0], [math.nan, 0.0]])
    diverged_at = torch.tensor([-1, -1, -1, 7, -1])
    found = which(ends, diverged_at, [(0.0, 0.0), (1.0, 0.0)])
    assert found.tolist() == [0, 1, NOWHERE, DIVERGED, NOWHERE]
    assert which(ends, diverged_at, []).tolist() == [NOWHERE] * 3 + [DIVERGED, NOWHERE]


def test_resting_places_find_the_minima() -> None:
    *_, last = basins(walk(HILLS, "adam", 0.1, 300), [], HIMMELBLAU.view, 40, dtype=torch.float64)
    diverged_at = torch.where(last.reached == DIVERGED, 1, -1)
    places = resting_places(last.ends, diverged_at)
    assert len(places) == 4
    for place, minimum in zip(sorted(places), sorted(HIMMELBLAU.minima), strict=True):
        assert place == pytest.approx(minimum, abs=1e-3)
    assert resting_places(last.ends, torch.ones_like(diverged_at)) == []
    assert len(resting_places(last.ends, diverged_at, most=2)) == 2


# --- Sweeps and limits ---


def test_sweep_equals_walking_one_by_one() -> None:
    field = bind("ravine")
    lrs, rhos = torch.tensor([0.01, 0.05, 0.5]).double(), torch.tensor([0.0, 0.5, 0.9, 0.99]).double()

    def go(starts: Tensor, lr: Tensor, rho: Tensor) -> tuple[Tensor, Tensor]:
        return arrive(field.gradient, starts, run("momentum", lr, {"rho": rho}), 50)

    found = sweep(go, field.f, (-2.5, 1.2), lrs, rhos)
    assert found.loss.shape == (3, 4)
    for i in range(3):
        for j in range(4):
            path = descend(field.gradient, (-2.5, 1.2), "momentum", 50, lrs[i].item(), rho=rhos[j].item())
            expected = field.f(*path.points[-1, 0].tolist()) if path.diverged_at.item() < 0 else math.inf
            assert found.loss[i, j].item() == pytest.approx(expected, rel=1e-6)
    assert found.loss[2, 0] == math.inf


@pytest.mark.parametrize("rule", ["gd", "momentum", "nesterov"])
@QUICK
@given(kappa=st.floats(2, 100), beta=st.floats(0, 0.9))
def test_the_limit_divides_stable_from_unstable(rule: str, kappa: float, beta: float) -> None:
    field = bind("ravine", kappa=kappa, rotation=20)
    beta = 0.0 if rule == "gd" else beta
    limit = stability_limit(lambda_max(field, (0.0, 0.0)), beta, nesterov=rule == "nesterov")
    hyper = {} if rule == "gd" else {"rho": beta}
    below = descend(field.gradient, (1.0, 1.0), rule, 1000, 0.97 * limit, **hyper)
    above = descend(field.gradient, (1.0, 1.0), rule, 1000, 1.03 * limit, **hyper)
    assert field.f(*below.points[-1, 0].tolist()) < field.f(1.0, 1.0)
    assert above.diverged_at.item() > 0 or field.f(*above.points[-1, 0].tolist()) > 100 * field.f(1.0, 1.0)


def test_known_limits() -> None:
    assert stability_limit(4) == 0.5
    assert stability_limit(4, 0.9) == pytest.approx(0.95)
    assert stability_limit(4, 0.9, nesterov=True) == pytest.approx(0.95 / 2.8)
    assert stability_limit(0) == stability_limit(-3) == math.inf
    for beta in (1.0, -0.1, math.nan):
        with pytest.raises(ValueError, match="Momentum must lie"):
            stability_limit(1, beta)


def test_the_best_rate_of_descent_in_a_ravine_is_the_textbooks() -> None:
    field = bind("ravine", kappa=9)  # 2 / (λ_min + λ_max) = 0.2, a little below the limit 2 / 9
    best = best_lr(
        lambda starts, lrs: arrive(field.gradient, starts, run("gd", lrs), 100),
        field.f,
        (1.0, 1.0),
        0.01,
        1.0,
        201,
    )
    assert best.lr == pytest.approx(0.2, rel=0.03)
    assert best.loss == best.losses.min() and best.losses[-1] == math.inf
    assert (best.lrs[1:] > best.lrs[:-1]).all() and best.lrs[0] == pytest.approx(0.01)


# --- Judging paths ---


def test_scoreboard_by_eye() -> None:
    points = torch.tensor([[[3.0, 0.0], [3.0, 0.0]], [[1.0, 0.0], [2.0, 0.0]], [[0.1, 0.0], [2.0, 2.0]]])
    score = scoreboard(points, torch.tensor([-1, 2]), lambda x, y: x * x + y * y, [(0.0, 0.0)], tolerance=0.02)
    assert score.steps.tolist() == [2, -1]
    assert score.final_loss.tolist() == pytest.approx([0.01, 8])
    assert score.distance.tolist() == pytest.approx([0.1, math.sqrt(8)])
    assert score.diverged_at.tolist() == [-1, 2]
    blind = scoreboard(points, torch.tensor([-1, 2]), lambda x, y: x * x + y * y)
    assert blind.steps.tolist() == [-1, -1] and blind.distance.isnan().all()


def test_curves_along_a_path() -> None:
    path = descend(HILLS.gradient, (-0.5, -1.5), "gd", 50, 0.01)
    along = curves(path.points, HILLS.f, HILLS.gradient, HIMMELBLAU.minima)
    assert along.loss.shape == along.slope.shape == along.distance.shape == (51, 1)
    for t in (0, 10, 50):
        p = path.points[t, 0].tolist()
        assert along.loss[t, 0].item() == pytest.approx(HILLS.f(*p))
        assert along.slope[t, 0].item() == pytest.approx(math.hypot(*HILLS.gradient(*p)))
        assert along.distance[t, 0].item() == pytest.approx(min(math.dist(p, m) for m in HIMMELBLAU.minima))
    assert curves(path.points, HILLS.f, HILLS.gradient).distance.isnan().all()


# --- Mini-batches ---


@given(w=st.floats(-5, 5), b=st.floats(-5, 5), seed=st.integers(0, 99))
@QUICK
def test_regression_equals_autograd_on_its_points(w: float, b: float, seed: int) -> None:
    data = regression(50, seed=seed)
    weights = torch.tensor([w, b], dtype=torch.float64, requires_grad=True)

    def loss_of(weights: Tensor) -> Tensor:
        return 0.5 * ((weights[0] * data.feature + weights[1] - data.target) ** 2).mean()

    loss = loss_of(weights)
    (g,) = torch.autograd.grad(loss, weights)
    assert regression_loss(data)(w, b) == pytest.approx(loss.item(), rel=1e-9)
    assert regression_gradient(data)(w, b) == pytest.approx(tuple(g.tolist()), abs=1e-9)
    h = torch.autograd.functional.hessian(loss_of, weights)
    assert regression_hessian(data)(w, b) == pytest.approx((h[0, 0].item(), h[0, 1].item(), h[1, 1].item()))


def test_regression_knows_its_minimum() -> None:
    data = regression(200, 0.5, seed=4)
    assert regression_gradient(data)(*data.best) == pytest.approx((0, 0), abs=1e-12)
    assert data.best == pytest.approx((1.2, 0.5), abs=0.2)
    low, _ = eigenvalues(*regression_hessian(data)(0.0, 0.0))
    assert low > 0
    other = regression(200, 0.5, seed=5)
    assert not torch.equal(data.feature, other.feature)
    assert torch.equal(data.feature, regression(200, 0.5, seed=4).feature)


@given(batch=st.sampled_from([1, 2, 5, 8, 20, 40]), seed=st.integers(0, 99))
@QUICK
def test_minibatch_gradients_are_right_on_average(batch: int, seed: int) -> None:
    data = regression(40, seed=1)
    grads = minibatch_gradients(data, batch, 40 // batch, seed)  # one epoch: every point once
    assert len(grads) == 40 // batch
    mean = [sum(column) / len(grads) for column in zip(*(g(0.3, -0.2) for g in grads), strict=True)]
    assert mean == pytest.approx(regression_gradient(data)(0.3, -0.2), abs=1e-12)


def test_a_bigger_batch_is_less_noisy() -> None:
    data = regression(200)
    spread = []
    for batch in (1, 10, 100, 200):
        slopes = torch.tensor([g(0.0, 0.0) for g in minibatch_gradients(data, batch, 200)])
        spread.append(slopes.std(0).norm().item())
    assert spread[0] > spread[1] > spread[2] > spread[3] == pytest.approx(0, abs=1e-7)
    path = descend(minibatch_gradients(data, 4, 300), (-1.0, 2.0), "gd", 300, 0.1)
    assert path.points[-1, 0].tolist() == pytest.approx(data.best, abs=0.5)
    assert minibatch_gradients(data, 3, 0) == []


def test_what_bad_input_gets() -> None:
    data, go = regression(10), walk(HILLS, "gd", 0.01, 1)
    for batch in (0, 11):
        with pytest.raises(ValueError, match="1 to 10 points"):
            minibatch_gradients(data, batch, 5)
    with pytest.raises(ValueError, match="at least 2 points"):
        regression(1)
    with pytest.raises(ValueError, match="noise of 0 or more"):
        regression(10, -1.0)
    for n in (1, 5000):
        with pytest.raises(ValueError, match="2 to 1024"):
            next(basins(go, [], (0, 1, 0, 1), n))
    with pytest.raises(ValueError, match="above 0"):
        next(basins(go, [], (0, 1, 0, 1), 4, tolerance=0.0))
    with pytest.raises(ValueError, match="low < high"):
        best_lr(go, HILLS.f, (0.0, 0.0), 1.0, 0.1)
    with pytest.raises(ValueError, match="at least one value"):
        sweep(go, HILLS.f, (0.0, 0.0), torch.empty(0), torch.ones(1))
    with pytest.raises(ValueError, match="tolerance"):
        scoreboard(torch.zeros(1, 1, 2), torch.zeros(1), HILLS.f, [(0.0, 0.0)], 0.0)


# --- what a page reads off a map ---


def test_shares_count_every_start_once() -> None:
    field = bind("himmelblau")
    minima = list(surfaces.SURFACES["himmelblau"].minima)
    walk = walker(field.gradient, "gd", 200, 0.01)
    map = landscapes.complete(landscapes.basins(walk, minima, (-5, 5, -5, 5), 24))
    told = landscapes.shares(map, minima)
    assert sum(share for _, share in told) == pytest.approx(1)
    assert [name for name, _ in told[-2:]] == ["nowhere", "diverged"]
    slow = [0] * 4
    for y in torch.linspace(-5, 5, 24).tolist():
        for x in torch.linspace(-5, 5, 24).tolist():
            end = descend(field.gradient, (x, y), "gd", 200, 0.01).points[-1, 0].tolist()
            near = [math.dist(end, m) <= 0.1 for m in minima]
            slow = [n + hit for n, hit in zip(slow, near, strict=True)]
    assert sorted((share for _, share in told[:4]), reverse=True) == pytest.approx(
        sorted((n / 576 for n in slow), reverse=True), abs=0.01
    )


def test_best_cell_is_the_lowest_of_all() -> None:
    field = bind("ravine")
    rows, columns = landscapes.steps_between(0, 0.9, 7), landscapes.steps_between(1e-3, 1, 9, log=True)
    walk = walker(field.gradient, "momentum", 40, varied=["rho", "lr"])
    found = landscapes.sweep(walk, field.f, (-2.5, 1.2), rows, columns)
    each = {}
    for rho in rows:
        for lr in columns:
            path = descend(field.gradient, (-2.5, 1.2), "momentum", 40, lr, rho=rho)
            if path.diverged_at[0] < 0:
                each[rho, lr] = float(field.f(*path.points[-1, 0].tolist()))
    rho, lr = min(each, key=each.__getitem__)
    assert landscapes.best_cell(found) == pytest.approx((rho, lr, each[rho, lr]))
    assert columns[0] == 0.001 and columns[-1] == 1 and columns[4] == pytest.approx(10**-1.5, rel=1e-4)
