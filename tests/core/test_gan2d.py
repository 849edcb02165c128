"""The GAN in the plane against plain PyTorch, by hand, and against itself."""

import copy
import itertools
import math

import pytest
import torch
from torch import Tensor, nn

from core import clouds, gan2d, gan_losses
from core.gan2d import State, chance, init, network, observe, pieces, step

EIGHT = clouds.cloud("eight")


def loss(name: str = "ns") -> dict:
    return {"loss": gan_losses.chosen_loss(name), "batch": 32}


def after(n: int, start: State, **settings) -> State:
    for _i in range(n):
        start = step(start, {**loss(), **settings})
    return start


def module(flat: Tensor, sizes) -> nn.Sequential:
    """The same network as torch.nn has it."""
    layers, parts = [], pieces(flat.detach().clone(), sizes)
    for i, (a, b) in enumerate(itertools.pairwise(sizes)):
        one = nn.Linear(a, b)
        one.weight.data, one.bias.data = parts[2 * i].clone(), parts[2 * i + 1].clone()
        layers += [one, nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers[:-1])


def flat_of(net: nn.Module) -> Tensor:
    return torch.cat([p.detach().flatten() for p in net.parameters()])


# Where the gradients of a hinge cancel, a rule that divides by their size makes steps out of rounding.
PAIRS = [(n, r) for n in gan_losses.LOSSES for r in ("adam", "rmsprop", "sgd") if n != "hinge" or r == "sgd"]


@pytest.mark.parametrize(("name", "rule"), PAIRS)
def test_three_rounds_are_those_of_torch_optim(name: str, rule: str) -> None:
    """The same rounds with modules, backward() and torch.optim."""
    start = init(EIGHT, 2, 8, 1, 8, seed=3)
    how = {
        **gan2d.SETTINGS,
        **loss(name),
        "rule": rule,
        "lr_g": 2e-3,
        "lr_d": 3e-3,
        "d_steps": 2,
        "clip": 0.3,
    }
    g, d = module(start.g, start.plan.g_sizes), module(start.d, start.plan.d_sizes)
    make = {
        "adam": lambda p, lr: torch.optim.Adam(p, lr, (0.5, 0.999)),
        "rmsprop": lambda p, lr: torch.optim.RMSprop(p, lr, 0.99),
        "sgd": lambda p, lr: torch.optim.SGD(p, lr, 0.5),
    }[rule]
    of_g, of_d, chosen = make(g.parameters(), 2e-3), make(d.parameters(), 3e-3), how["loss"]
    state = start
    for n in range(3):
        random = chance(3, n)
        for _turn in range(2):
            real = EIGHT.sample(32, random)
            fake = g(torch.randn(32, 2, generator=random)).detach()
            value = chosen.real(d(real)[:, 0], 1.0) + chosen.fake(d(fake)[:, 0])
            if chosen.penalised:
                between = torch.rand(32, 1, generator=random)
                value = value + gan2d.two_sided(lambda x: d(x)[:, 0], real, fake, between)
            of_d.zero_grad()
            value.backward()
            of_d.step()
            if chosen.clips:
                for p in d.parameters():
                    p.data.clamp_(-0.3, 0.3)
        value = chosen.generator(d(g(torch.randn(32, 2, generator=random)))[:, 0])
        of_g.zero_grad()
        value.backward()
        of_g.step()
        state = step(state, how)
    torch.testing.assert_close(state.g, flat_of(g), rtol=1e-3, atol=2e-4)
    torch.testing.assert_close(state.d, flat_of(d), rtol=1e-3, atol=2e-4)


def test_the_same_seed_gives_the_same_run_and_another_one_another() -> None:
    torch.manual_seed(1)
    first = after(5, init(EIGHT, seed=4))
    torch.manual_seed(2)  # the shared random numbers play no part
    torch.rand(7)
    again, other = after(5, init(EIGHT, seed=4)), after(5, init(EIGHT, seed=5))
    assert torch.equal(first.g, again.g) and torch.equal(first.d, again.d)
    assert not torch.equal(first.g, other.g)


def test_a_step_changes_nothing_in_place() -> None:
    state = after(2, init(EIGHT, spectral=True))
    kept = copy.deepcopy(state)
    observe(state)
    later = after(3, state, r1=1.0, noise=0.1)
    for name in ("g", "d", "average"):
        assert torch.equal(getattr(state, name), getattr(kept, name))
        assert not torch.equal(getattr(later, name), getattr(kept, name))
    assert torch.equal(state.d_memory.v, kept.d_memory.v) and torch.equal(state.u[0], kept.u[0])


def test_each_can_learn_alone_and_more_than_once() -> None:
    start = after(2, init(EIGHT))
    only_d, only_g = after(1, start, g_steps=0), after(1, start, d_steps=0)
    assert torch.equal(only_d.g, start.g) and not torch.equal(only_d.d, start.d)
    assert torch.equal(only_g.d, start.d) and not torch.equal(only_g.g, start.g)
    twice = after(1, start, d_steps=0, g_steps=2)
    assert twice.step == only_g.step == start.step + 1 and twice.g_memory.t == start.g_memory.t + 2
    assert not torch.equal(twice.g, only_g.g)


def test_what_is_observed_does_not_depend_on_when() -> None:
    state = after(3, init(EIGHT))
    one, two = observe(state), observe(state)
    assert torch.equal(one.fake, two.fake) and torch.equal(one.real, observe(init(EIGHT)).real)
    assert one.logits.shape == (gan2d.SIDE + 1,) * 2
    x = torch.tensor([[-gan2d.REACH, -gan2d.REACH + 2 * gan2d.REACH * 3 / gan2d.SIDE]])  # column 0, row 3
    torch.testing.assert_close(one.logits[3, 0], gan2d.judge(state, x)[0])


def test_the_pull_is_the_slope_of_d() -> None:
    state, h = after(3, init(EIGHT, bend="tanh")), 1e-2
    seen = observe(state)
    for axis in range(2):
        by = h * torch.eye(2)[axis]
        slope = (gan2d.judge(state, seen.at + by) - gan2d.judge(state, seen.at - by)) / (2 * h)
        torch.testing.assert_close(seen.pull[:, axis], slope, rtol=2e-2, atol=2e-3)


def test_spectral_norm_is_the_largest_singular_value() -> None:
    state = init(EIGHT, 1, 8, 2, 16, spectral=True)
    u = state.u
    for _i in range(200):
        u = gan2d.power_iteration(state.d, state.plan.d_sizes, u)
    net = module(state.d, state.plan.d_sizes)
    for layer in net:
        if isinstance(layer, nn.Linear):
            layer.weight.data /= torch.linalg.matrix_norm(layer.weight.data, 2)
    x = torch.randn(9, 2, generator=chance(0, 0))
    torch.testing.assert_close(network(state.d, state.plan.d_sizes, "leaky_relu", x, u), net(x), rtol=1e-4, atol=1e-5)


def test_the_average_follows_slowly() -> None:
    start = init(EIGHT)
    one = step(start, {**loss(), "ema": 0.9})
    torch.testing.assert_close(one.average, 0.9 * start.g + 0.1 * one.g)
    assert step(start, loss()).average is not start.average


def test_lost_numbers_end_the_run() -> None:
    states = gan2d.train(init(EIGHT), 30, loss=gan_losses.chosen_loss("gp"), rule="sgd", lr_d=1e6, batch=32)
    assert states[-1].step < 30 and all(s.finite for s in states)


def test_train_keeps_the_start_the_end_and_some_between() -> None:
    states = gan2d.train(init(EIGHT), 25, kept=4, **loss())
    assert [s.step for s in states] == [0, 6, 12, 18, 24, 25]
    assert torch.equal(states[-1].g, after(25, init(EIGHT)).g)
    assert len(gan2d.train(init(EIGHT), 0, **loss())) == 1


@pytest.mark.parametrize("z_dim", [1, 2])
@pytest.mark.parametrize("normal", [True, False])
def test_the_mesh_has_equal_shares(z_dim: int, normal: bool) -> None:
    plan = init(EIGHT, z_dim=z_dim, normal=normal).plan
    mesh = gan2d.mesh_of(plan)
    assert mesh.shape[-1] == z_dim and mesh.isfinite().all()
    share = torch.special.ndtr(mesh) if normal else (mesh + 1) / 2
    assert math.isclose(float(share.min()), 0.01, abs_tol=1e-4) and math.isclose(float(share.max()), 0.99, abs_tol=1e-4)


@pytest.mark.parametrize(
    "bad", [{"bend": "step"}, {"g_width": 0}, {"z_dim": 0}, {"d_layers": -1}], ids=lambda b: next(iter(b))
)
def test_bad_plans_are_refused(bad: dict) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        init(EIGHT, **bad)


def test_unknown_names_are_refused() -> None:
    with pytest.raises(ValueError, match="adam"):
        step(init(EIGHT), {**loss(), "rule": "newton"})
    with pytest.raises(ValueError, match="hinge"):
        gan_losses.chosen_loss("l0")


def test_penalties_of_a_critic_with_a_known_slope() -> None:
    random = torch.Generator().manual_seed(0)
    real, fake = torch.randn(2, 50, 2, generator=random, dtype=torch.float64)
    t = torch.rand(50, 1, generator=random, dtype=torch.float64)
    w = torch.tensor([3.0, -4.0], dtype=torch.float64, requires_grad=True)

    def plane(x: torch.Tensor) -> torch.Tensor:
        return x @ w + 1

    torch.testing.assert_close(gan2d.two_sided(plane, real, fake, t).item(), 16.0)  # (5 - 1)²
    torch.testing.assert_close(gan2d.half_square(plane, real).item(), 12.5)  # 25 / 2
    torch.testing.assert_close(gan2d.slopes(plane, real)[7], w)

    def bowl(x: torch.Tensor) -> torch.Tensor:
        return x.square().sum(1) * w[0]

    between = t * real + (1 - t) * fake
    torch.testing.assert_close(gan2d.two_sided(bowl, real, fake, t), ((6 * between.norm(dim=1) - 1) ** 2).mean())
    (grad,) = torch.autograd.grad(gan2d.half_square(bowl, real), w)  # ½ · 4 w² |x|² -> 4 w |x|²
    torch.testing.assert_close(grad[0], 12 * real.square().sum(1).mean())


@pytest.mark.parametrize("settings", [{}, {"d_steps": 3, "noise": 0.1, "flip": 0.2}, {"loss": gan_losses.LOSSES["gp"]}])
def test_a_round_in_slow_motion_is_a_round(settings: dict) -> None:
    start, how = after(3, init(EIGHT, spectral=True)), {**loss(), **settings}
    slow, quick = gan2d.slow_round(start, **how), step(start, how)
    assert torch.equal(slow.after.g, quick.g) and torch.equal(slow.after.d, quick.d) and slow.after.step == quick.step
    assert torch.equal(slow.judged.g, start.g) and not torch.equal(slow.judged.d, start.d)
    told = gan2d.round_numbers(slow, how["loss"])
    assert told.loss_g == pytest.approx(float(quick.told[1]), abs=0.3 if how.get("noise") else 1e-5)
    torch.testing.assert_close(gan2d.after_rounds(init(EIGHT, spectral=True), 3, **loss()).g, start.g)


def test_the_push_is_the_slope_of_the_loss_of_each_fake() -> None:
    slow, h = gan2d.slow_round(after(3, init(EIGHT, bend="tanh")), **loss()), 1e-2
    for axis in range(2):
        by = h * torch.eye(2)[axis]
        up, down = (-nn.functional.logsigmoid(gan2d.judge(slow.judged, slow.old + s * by)) for s in (1, -1))
        torch.testing.assert_close(slow.push[:, axis], -(up - down) / (2 * h), rtol=2e-2, atol=2e-3)
