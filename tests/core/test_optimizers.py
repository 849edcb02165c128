"""Optimizers: each rule against torch.optim over random numbers, against slow loops, and as a family."""

import math
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from torch import Tensor

from core import descent
from core.descent import FAR, arrive, race
from core.fields import Field, field_of
from core.landscapes import best_lr
from core.optimizers import RULES
from tests.core.ground import bind, descend, run, torch_optim_call, walker

NAMES = pytest.mark.parametrize("rule", RULES)
IN_TORCH = pytest.mark.parametrize("rule", [name for name, r in RULES.items() if r.torch_call])
# examples that prove nothing are left out (assume), sometimes many in a row
QUICK = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
STEPS = 200

RAVINE = bind("ravine", kappa=10, rotation=30)
HILLS = bind("himmelblau")


def by_torch(
    call: str, field: Field, start: Sequence[float], clip: float = 0.0, schedule: Sequence[float] = ()
) -> Tensor:
    """(STEPS + 1, 2): the path of torch.optim on the same gradient."""
    p = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    optimizer = eval(call, {"torch": torch, "p": p})
    lr = optimizer.param_groups[0]["lr"]
    path = [p.detach().clone()]

    def closure() -> Tensor:
        p.grad = torch.tensor(field.gradient(*p.tolist()), dtype=torch.float64)
        if clip:
            torch.nn.utils.clip_grad_norm_([p], clip)
        return torch.tensor(field.f(*p.tolist()))

    for t in range(STEPS):
        optimizer.param_groups[0]["lr"] = lr * (schedule[t] if schedule else 1)
        optimizer.step(closure)
        path.append(p.detach().clone())
    return torch.stack(path)


def draw(data: st.DataObject, rule: str) -> dict[str, float]:
    """Random lr and hyperparameters of a rule."""
    numbers: dict[str, float] = {"lr": 10 ** data.draw(st.floats(-3, -1))}
    for p in RULES[rule].parameters:
        if p.name == "bias_correction":
            continue  # torch cannot leave it out
        if p.switch or p.name == "history":
            numbers[p.name] = float(data.draw(st.integers(int(p.low), min(int(p.high), 12))))
        elif p.log:
            numbers[p.name] = 10 ** data.draw(st.floats(-10, -2))
        else:
            numbers[p.name] = data.draw(st.floats(p.low, p.high))
    return numbers


def same(ours: Tensor, theirs: Tensor) -> bool:
    return bool(((ours - theirs).abs() <= 1e-5 * (theirs.abs().amax() + 1e-3)).all())


def assume_steady(field: Field, start: Sequence[float], rule: str, **numbers: Any) -> Tensor:
    """Our path; where a start or a rate changed by 1e-12 walks elsewhere (chaos) or diverges, it proves nothing."""
    both = torch.tensor([start, [c + 1e-12 for c in start]], dtype=torch.float64)
    path = descend(field.gradient, both, rule, STEPS, **numbers)
    other = descend(field.gradient, both[:1], rule, STEPS, **{**numbers, "lr": numbers["lr"] * (1 + 1e-12)})
    assume((path.diverged_at < 0).all().item())
    for neighbour in (path.points[:, 1], other.points[:, 0]):
        assume((path.points[:, 0] - neighbour).abs().max().item() < 1e-8)
    return path.points[:, 0]


@IN_TORCH
@QUICK
@given(data=st.data())
def test_equals_torch_over_random_numbers(rule: str, data: st.DataObject) -> None:
    field = data.draw(st.sampled_from([RAVINE, HILLS]))
    start = data.draw(st.tuples(st.floats(-3, 3), st.floats(-3, 3)))
    numbers = draw(data, rule)
    numbers["lr"] *= 0.05 if field is HILLS and rule in ("gd", "momentum", "nesterov") else 1
    means = RULES[rule].torch_decay
    if means in ("l2", "either") and data.draw(st.booleans()):
        numbers["l2"] = data.draw(st.floats(0.001, 0.5))
    elif means in ("decoupled", "either"):
        numbers["decay"] = data.draw(st.floats(0, 0.5))
    ours = assume_steady(field, start, rule, **numbers)
    call = torch_optim_call(rule, numbers)
    assert call is not None
    assert same(ours, by_torch(call, field, start))


@IN_TORCH
def test_equals_torch_at_its_defaults_with_clipping_and_a_schedule(rule: str) -> None:
    schedule = [0.99**t for t in range(STEPS)]
    numbers = {"lr": 0.02}
    path = descend(RAVINE.gradient, (-2.5, 1.2), rule, STEPS, 0.02, clip=1.5, schedule=schedule)
    call = torch_optim_call(rule, numbers)
    assert call is not None
    assert same(path.points[:, 0], by_torch(call, RAVINE, (-2.5, 1.2), 1.5, schedule))


def test_only_what_torch_can_do_has_a_call() -> None:
    assert torch_optim_call("adam", {"lr": 0.1}) == ("torch.optim.Adam([p], lr=0.1, betas=(0.9, 0.999), eps=1e-08)")
    assert "weight_decay=0.2, decoupled_weight_decay=True" in str(torch_optim_call("nadam", {"decay": 0.2}))
    assert "nesterov=False" in str(torch_optim_call("nesterov", {"rho": 0.0}))
    for rule, numbers in [
        ("lion", {}),
        ("newton", {}),
        ("adam", {"bias_correction": 0.0}),
        ("adam", {"l2": 0.1, "decay": 0.1}),
        ("adamw", {"l2": 0.1}),
        ("gd", {"decay": 0.1}),
        ("rprop", {"l2": 0.1}),
    ]:
        assert torch_optim_call(rule, numbers) is None


# --- Against loops that anyone can check ---


def slowly(rule: str, start: tuple[float, float], steps: int, lr: float) -> list[list[float]]:
    """Lion and Adam without bias correction, from their papers."""
    w, m, v = torch.tensor(start, dtype=torch.float64), torch.zeros(2), torch.zeros(2)
    path = [w.tolist()]
    for _ in range(steps):
        g = torch.tensor(RAVINE.gradient(*w.tolist()), dtype=torch.float64)
        if rule == "lion":
            w = w - lr * torch.sign(0.9 * m + 0.1 * g)
            m = 0.99 * m + 0.01 * g
        else:
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
            w = w - lr * m / (v.sqrt() + 1e-8)
        path.append(w.tolist())
    return path


@pytest.mark.parametrize(("rule", "extra"), [("lion", {}), ("adam", {"bias_correction": 0.0})])
def test_equals_a_slow_loop(rule: str, extra: dict[str, float]) -> None:
    path = descend(RAVINE.gradient, (-2.5, 1.2), rule, 50, 0.01, **extra)
    assert torch.allclose(path.points[:, 0], torch.tensor(slowly(rule, (-2.5, 1.2), 50, 0.01)).double())


@given(x=st.floats(-3, 3), y=st.floats(-3, 3), damping=st.floats(0, 5), l2=st.floats(0, 2))
@QUICK
def test_newton_solves_the_linear_system(x: float, y: float, damping: float, l2: float) -> None:
    field = bind("beale")
    a, b, c = field.hessian(x, y)
    h = torch.tensor([[a, b], [b, c]], dtype=torch.float64) + (damping + l2) * torch.eye(2, dtype=torch.float64)
    assume(torch.linalg.cond(h).item() < 1e6)
    g = torch.tensor(field.gradient(x, y), dtype=torch.float64) + l2 * torch.tensor([x, y], dtype=torch.float64)
    expected = torch.tensor([x, y], dtype=torch.float64) - torch.linalg.solve(h, g)
    assume(expected.abs().max().item() < 1e6)
    path = descend(field.gradient, (x, y), "newton", 1, hessian=field.hessian, damping=damping, l2=l2)
    assert torch.allclose(path.points[1, 0], expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("surface", ["bowl", "ravine", "booth", "matyas"])
def test_newton_needs_one_step_on_a_quadratic(surface: str) -> None:
    field = bind(surface)
    end = descend(field.gradient, (-2.0, 1.0), "newton", 1, hessian=field.hessian).points[1, 0]
    assert field.gradient(*end.tolist()) == pytest.approx((0, 0), abs=1e-10)


def test_newton_without_curvature_follows_the_gradient() -> None:
    field = bind("monkey_saddle")
    path = descend(lambda x, y: (1.0, 2.0), (0.0, 0.0), "newton", 1, hessian=field.hessian)
    assert path.points[1, 0].tolist() == [-1, -2]


# --- Floats and tensors, one and many ---


@NAMES
@QUICK
@given(data=st.data())
def test_floats_equal_tensors(rule: str, data: st.DataObject) -> None:
    starts = torch.tensor(
        data.draw(st.lists(st.tuples(st.floats(-3, 3), st.floats(-3, 3)), min_size=3, max_size=3))
    ).double()
    options: dict[str, Any] = {
        "hessian": RAVINE.hessian,
        "clip": data.draw(st.sampled_from([0.0, 2.0])),
        "noise": data.draw(st.sampled_from([0.0, 0.1])),
        "l2": data.draw(st.sampled_from([0.0, 0.1])),
        "schedule": [1 / (1 + t) for t in range(30)],
        "inside": True,
    }
    lr = RULES[rule].lr
    floats = descend(RAVINE.gradient, starts, rule, 30, lr, **options)
    # an lr for each start makes it walk in tensors
    tensors = descend(RAVINE.gradient, starts, rule, 30, torch.full((3, 1), lr, dtype=torch.float64), **options)
    assert floats.inside is not None and tensors.inside is not None
    assert torch.allclose(floats.points, tensors.points, rtol=1e-7, atol=1e-9)
    assert torch.equal(floats.diverged_at, tensors.diverged_at)
    assert torch.allclose(floats.inside.gradient, tensors.inside.gradient, rtol=1e-6, atol=1e-8)
    assert floats.inside.memory.keys() == tensors.inside.memory.keys() == set(RULES[rule].memory)


@NAMES
def test_many_equal_one_by_one(rule: str) -> None:
    generator = torch.Generator().manual_seed(3)
    starts = 2 * torch.randn(20, 2, generator=generator, dtype=torch.float64)
    before = starts.clone()
    many = descend(HILLS.gradient, starts, rule, 40, 0.005, hessian=HILLS.hessian)
    assert many.points.shape == (41, 20, 2) and torch.equal(starts, before)
    for i in range(0, 20, 5):
        one = descend(HILLS.gradient, starts[i], rule, 40, 0.005, hessian=HILLS.hessian)
        assert torch.allclose(many.points[:, i], one.points[:, 0], rtol=1e-6, atol=1e-7)
    ends, diverged_at = arrive(HILLS.gradient, starts, run(rule, 0.005), 40, HILLS.hessian)
    assert torch.equal(ends, many.points[-1]) and torch.equal(diverged_at, many.diverged_at)


@NAMES
def test_numbers_may_differ_from_start_to_start(rule: str) -> None:
    lrs = torch.tensor([0.001, 0.003, 0.01], dtype=torch.float64)
    starts = torch.tensor([[-2.0, 1.0]], dtype=torch.float64).expand(3, 2)
    hyper: dict[str, Tensor] = {}
    for p in RULES[rule].parameters:
        if not p.switch and p.step != 1:
            hyper[p.name] = p.default * torch.tensor([1.0, 0.99, 0.98], dtype=torch.float64)
    if rule == "rprop":
        hyper["eta_plus"] = torch.tensor([1.1, 1.2, 1.3], dtype=torch.float64)
    path = descend(RAVINE.gradient, starts, rule, 60, lrs, hessian=RAVINE.hessian, **hyper)
    for i in range(3):
        alone = {n: h[i].item() for n, h in hyper.items()}
        one = descend(RAVINE.gradient, starts[i], rule, 60, lrs[i].item(), hessian=RAVINE.hessian, **alone)
        assert torch.allclose(path.points[:, i], one.points[:, 0], rtol=1e-6, atol=1e-7)


@NAMES
def test_float32_stays_float32(rule: str) -> None:
    starts = torch.tensor([[-2.0, 1.0], [1.0, 1.0]])
    path = descend(RAVINE.gradient, starts, rule, 5, hessian=RAVINE.hessian, inside=True)
    assert path.points.dtype == torch.float32 and path.inside is not None
    assert path.inside.rate.dtype == torch.float32


def test_racing_together_equals_walking_alone() -> None:
    field = field_of(HILLS.f)  # a typed formula: autograd, one call for all
    starts = torch.tensor([[-0.5, -1.5], [1.0, 1.0]], dtype=torch.float64)
    runs = {"a": run("adam", 0.1), "b": run("adam", 0.05), "c": run("gd", 0.5), "d": run("lbfgs", 0.5)}
    together = race(field.gradient, starts, runs, 60, together=True)
    assert list(together) == list(runs)
    for name, one in runs.items():
        alone = descent.descend(HILLS.gradient, starts, one.rule, 60, one.lr)
        assert torch.allclose(together[name].points, alone.points, rtol=1e-6, atol=1e-8)
        assert torch.equal(together[name].diverged_at, alone.diverged_at)
    assert (together["c"].diverged_at > 0).all()


def test_a_gradient_for_each_step() -> None:
    grads = [lambda x, y, k=k: (k * 1.0, 0.0) for k in range(4)]
    path = descend(grads, (0.0, 0.0), "gd", 4, 1.0)
    assert path.points[:, 0, 0].tolist() == [0, 0, -1, -3, -6]


# --- What the rules promise ---


@NAMES
def test_reaches_the_bottom_at_its_best_rate(rule: str) -> None:
    for name in ("bowl", "ravine", "booth"):
        field = bind(name)

        def walk(starts: Tensor, lrs: Tensor, field: Field = field) -> tuple[Tensor, Tensor]:
            return arrive(field.gradient, starts, run(rule, lrs, decay=0.0), 200, field.hessian)

        best = best_lr(walk, field.f, (-2.2, 1.8), tries=31)
        assert best.loss < 0.1, name


@given(scale=st.floats(0.01, 100), x=st.floats(0.1, 3), y=st.floats(0.1, 3))
@QUICK
def test_adam_does_not_see_the_scale_of_the_loss(scale: float, x: float, y: float) -> None:
    def louder(x: Any, y: Any) -> tuple[Any, Any]:
        gx, gy = RAVINE.gradient(x, y)
        return scale * gx, scale * gy

    one = descend(RAVINE.gradient, (x, y), "adam", 20, 0.01, eps=1e-12)
    other = descend(louder, (x, y), "adam", 20, 0.01, eps=1e-12)
    assert torch.allclose(one.points, other.points, atol=1e-6)
    first = one.points[1, 0] - one.points[0, 0]
    g = torch.tensor(RAVINE.gradient(x, y), dtype=torch.float64)
    assume(g.abs().min().item() > 1e-3)
    assert torch.allclose(first, -0.01 * g.sign(), atol=1e-8)  # bias correction: the first step is lr long


def test_adagrad_only_slows_down_and_amsgrad_never_forgets() -> None:
    adagrad = descend(HILLS.gradient, (-0.5, -1.5), "adagrad", 50, 0.5, inside=True).inside
    assert adagrad is not None and (adagrad.rate.diff(dim=0) <= 0).all()
    amsgrad = descend(HILLS.gradient, (-0.5, -1.5), "amsgrad", 50, 0.5, inside=True).inside
    assert amsgrad is not None and (amsgrad.memory[r"v_{\max}"].diff(dim=0) >= 0).all()


@NAMES
def test_inside_a_step_are_the_numbers_that_moved_it(rule: str) -> None:
    path = descend(HILLS.gradient, (-0.5, -1.5), rule, 20, 0.01, hessian=HILLS.hessian, inside=True)
    inside = path.inside
    assert inside is not None and inside.gradient.shape == (20, 1, 2)
    decay = 1 - 0.01 * RULES[rule].decay
    assert torch.allclose(path.points[1:], decay * path.points[:-1] + inside.update, atol=1e-12)
    assert torch.allclose(inside.update, -inside.rate * inside.direction)
    gx, gy = HILLS.gradient(*path.points[:-1].unbind(-1))
    assert torch.allclose(inside.gradient, torch.stack([gx, gy], -1))


@given(theta=st.floats(0.01, 10), x=st.floats(-3, 3), y=st.floats(-3, 3))
@QUICK
def test_clipping_shortens_and_never_turns(theta: float, x: float, y: float) -> None:
    inside = descend(HILLS.gradient, (x, y), "gd", 1, 0.0, clip=theta, inside=True).inside
    assert inside is not None
    short, g = inside.gradient[0, 0], torch.tensor(HILLS.gradient(x, y), dtype=torch.float64)
    assert short.norm() <= theta
    assert torch.allclose(short * g.norm(), g * short.norm(), rtol=1e-9, atol=1e-9)
    assert torch.allclose(short.norm(), g.norm().clamp(max=theta), rtol=1e-3)


def test_noise_comes_from_its_seed_and_nowhere_else() -> None:
    torch_state = torch.random.get_rng_state()
    paths = [descend(HILLS.gradient, (1.0, 1.0), "gd", 9, 0.001, noise=1.0, seed=s).points for s in (5, 5, 6)]
    assert torch.equal(paths[0], paths[1]) and not torch.equal(paths[0], paths[2])
    assert torch.equal(torch.random.get_rng_state(), torch_state)
    flat = descend(lambda x, y: (0 * x, 0 * y), torch.zeros(5000, 2), "gd", 1, 1.0, noise=0.5, seed=1)
    assert flat.points[1].std().item() == pytest.approx(0.5, rel=0.05)


def test_noise_frees_from_a_saddle() -> None:
    field = bind("saddle")
    assert descend(field.gradient, (-2.0, 0.0), "gd", 200, 0.1).points[-1, 0].abs().max() < 1e-6
    assert descend(field.gradient, (-2.0, 0.0), "gd", 200, 0.1, noise=0.01).points[-1, 0, 1].abs() > 1


def test_clipping_saves_one_from_the_cliff() -> None:
    field = bind("cliff")
    x = torch.linspace(1.05, 3, 50, dtype=torch.float64)
    starts = torch.stack([x, torch.full_like(x, 0.5)], -1)
    thrown = descend(field.gradient, starts, "gd", 400, 0.5).points[-1]
    saved = descend(field.gradient, starts, "gd", 400, 0.5, clip=1.0).points[-1]
    assert (thrown[:, 0] < -5).sum() >= 5  # out on the far plateau, out of view
    assert torch.allclose(saved, torch.tensor([-1.5, 0.0], dtype=torch.float64), atol=0.05)


# --- What bad input gets ---


def test_divergence_is_dated_and_stays_finite() -> None:
    bowl = bind("bowl")  # at lr 3 each step multiplies by -2
    step = math.ceil(math.log2(FAR / 2.2))
    for starts in ([(2.2, 0.1), (0.0, 0.0)], [(2.2, 0.1), (0.0, 0.0)] * 10):
        path = descend(bowl.gradient, torch.tensor(starts, dtype=torch.float64), "gd", 60, 3.0, inside=True)
        assert path.diverged_at[:2].tolist() == [step, -1]
        assert path.points.isfinite().all() and path.points.abs().max() < FAR
        assert (path.points[step - 1 :, 0] == path.points[step - 1, 0]).all()
        assert path.inside is not None and (path.inside.gradient[step - 1 :, 0] == 0).all()


@NAMES
@pytest.mark.parametrize("value", [math.nan, math.inf, 1e300])
@pytest.mark.parametrize("starts", [1, 20])
def test_a_gradient_that_is_no_number(rule: str, value: float, starts: int) -> None:
    def grad(x: Any, y: Any) -> tuple[Any, Any]:
        return x * 0 + value, y * 0 + value

    start = torch.zeros(starts, 2, dtype=torch.float64)
    path = descend(grad, start, rule, 3, 0.1, hessian=RAVINE.hessian, inside=True)
    assert path.points.isfinite().all() and path.inside is not None
    if math.isnan(value):
        assert (path.diverged_at == 1).all()


@NAMES
def test_a_ravine_far_too_steep(rule: str) -> None:
    field = bind("ravine", kappa=1e9, rotation=10)
    path = descend(field.gradient, (-2.5, 1.2), rule, 50, hessian=field.hessian)
    assert path.points.isfinite().all()
    if rule in ("gd", "momentum", "nesterov"):
        assert path.diverged_at.item() in (1, 2)


@NAMES
def test_no_step_and_no_rate(rule: str) -> None:
    path = descend(HILLS.gradient, (1.0, 2.0), rule, 0, hessian=HILLS.hessian, inside=True)
    assert path.points.tolist() == [[[1, 2]]] and path.diverged_at.item() == -1
    still = descend(HILLS.gradient, (1.0, 2.0), rule, 5, 0.0, hessian=HILLS.hessian)
    # Rprop's steps have a least length of 1e-6, in torch as well
    assert torch.allclose(still.points, still.points[:1].expand(6, 1, 2), atol=1e-4 if rule == "rprop" else 0)


def test_a_start_at_the_minimum_or_far_outside() -> None:
    for rule in RULES:
        path = descend(RAVINE.gradient, (0.0, 0.0), rule, 5, 0.01, hessian=RAVINE.hessian)
        assert (path.points == 0).all()
    assert descend(HILLS.gradient, (40.0, -30.0), "adam", 5).points.isfinite().all()


BAD: list[tuple[dict[str, Any], str]] = [
    ({"rule": "sgdd"}, "choose one of gd"),
    ({"lr": -0.1}, "lr must be finite and 0 or above, not -0.1"),
    ({"lr": math.nan}, "lr must be"),
    ({"lr": math.inf}, "lr must be"),
    ({"lr": torch.tensor([0.1, 0.2])}, "one for each of 1 starts"),
    ({"steps": -1}, "0 or more"),
    ({"beta1": 1.0}, "beta1 must be between 0 and 0.9999, not 1"),
    ({"eps": 0.0}, "eps must be between"),
    ({"rho": 0.5}, "takes only beta1, beta2, eps, bias_correction, not 'rho'"),
    ({"rule": "gd", "rho": 0.5}, "no parameter but lr"),
    ({"bias_correction": torch.ones(1)}, "one number for all"),
    ({"l2": -1.0}, "l2 must be"),
    ({"decay": -1.0}, "weight decay must be"),
    ({"clip": -1.0}, "clip must be"),
    ({"noise": math.nan}, "noise must be"),
    ({"schedule": [1.0]}, "a factor for each of 3 steps, not 1"),
    ({"schedule": [1.0, -1.0, 1.0]}, "schedule must be"),
    ({"start": (0.0, math.nan)}, "finite"),
    ({"start": (0.0, 1e9)}, "nearer to 0"),
    ({"start": (0.0, 1.0, 2.0)}, "A start is"),
    ({"grad": [HILLS.gradient]}, "3 steps need 3 gradients, not 1"),
    ({"rule": "newton"}, "needs the Hessian"),
]


@pytest.mark.parametrize(("change", "sentence"), BAD)
def test_one_sentence_says_what_is_wrong(change: dict[str, Any], sentence: str) -> None:
    given_ = {"grad": HILLS.gradient, "start": (0.0, 0.0), "rule": "adam", "steps": 3} | change
    with pytest.raises(ValueError, match=sentence):
        descend(**given_)


def test_the_family_is_well_formed() -> None:
    assert len({r.title for r in RULES.values()}) == len(RULES) == 16
    for rule in RULES.values():
        assert all(p.low <= p.default <= p.high for p in rule.parameters)
        assert rule.note.endswith(".") and rule.lr > 0


# --- inside one step, many walks ---


@pytest.mark.parametrize("rule", [r for r in RULES if not RULES[r].pairs])
def test_anatomy_adds_up(rule: str) -> None:
    """w of the next step is what the parts of this one say, decay aside."""
    path = descend(lambda x, y: (x, 20 * y), (-2.0, 1.0), rule, 7, 0.05, inside=True, decay=0.0)
    part = descent.anatomy(path, 6)
    for axis in (0, 1):
        assert part["w next"][axis] == pytest.approx(part["w"][axis] - part["rate"][axis] * part["direction"][axis])
        assert part["update"][axis] == pytest.approx(-part["rate"][axis] * part["direction"][axis])
    assert part["w next"] == tuple(path.points[6, 0].tolist())
    assert part["g"] == pytest.approx((part["w"][0], 20 * part["w"][1]))


@pytest.mark.parametrize("t", [0, 8])
def test_anatomy_refuses_a_step_that_was_not_walked(t: int) -> None:
    path = descend(lambda x, y: (x, y), (1.0, 1.0), "gd", 7, 0.1, inside=True)
    with pytest.raises(ValueError, match="step from 1 to 7"):
        descent.anatomy(path, t)


def test_a_walker_leaves_open_what_varies() -> None:
    starts = torch.tensor([[1.0, 2.0], [1.0, 2.0]], dtype=torch.float64)
    lrs, rhos = torch.tensor([0.1, 0.02], dtype=torch.float64), torch.tensor([0.5, 0.9], dtype=torch.float64)
    walk = walker(lambda x, y: (x, 3 * y), "momentum", 20, varied=["lr", "rho"])
    ends, diverged = walk(starts, lrs, rhos)
    for i in range(2):
        alone = descend(lambda x, y: (x, 3 * y), (1.0, 2.0), "momentum", 20, lrs[i].item(), rho=rhos[i].item())
        assert ends[i].tolist() == pytest.approx(alone.points[-1, 0].tolist())
    assert diverged.tolist() == [-1, -1]
