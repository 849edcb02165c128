"""A real loss surface: against torch.nn, a plain training loop, NumPy's SVD and one network at a time."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from core import real_surface
from core.real_surface import (
    TRAINERS,
    Network,
    Plane,
    initial,
    landscape,
    layers,
    logits,
    losses,
    pca_plane,
    project,
    random_plane,
    train,
    view_of,
)

QUICK = settings(max_examples=8, deadline=None)


def blobs(n: int = 90, inputs: int = 5, classes: int = 3) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    labels = torch.arange(n) % classes
    middles = 2 * torch.randn(classes, inputs, generator=generator)
    return middles[labels] + torch.randn(n, inputs, generator=generator), labels


X, LABELS = blobs()
NET, SKIP = Network(5, 3, width=7, depth=2), Network(5, 3, width=7, depth=4, skip=True)
BOTH = pytest.mark.parametrize("net", [NET, SKIP])


def by_torch(net: Network, theta: Tensor, x: Tensor) -> Tensor:
    """The same network out of torch.nn.Linear."""
    linears = []
    for w, b in layers(net, theta):
        linear = torch.nn.Linear(*w.shape)
        linear.weight.data, linear.bias.data = w.T.clone(), b[0].clone()
        linears.append(linear)
    h = linears[0](x).relu()
    for linear in linears[1:-1]:
        out = linear(h).relu()
        h = h + out if net.skip else out
    return linears[-1](h).detach()


@BOTH
def test_equals_torch_nn_and_many_equal_one_by_one(net: Network) -> None:
    theta = torch.stack([initial(net, seed) + 0.1 for seed in range(3)])  # biases that are not 0
    z, loss = logits(net, theta, X), losses(net, theta, X, LABELS)
    assert z.shape == (3, 90, 3) and loss.shape == (3,)
    for i in range(3):
        expected = by_torch(net, theta[i], X)
        assert torch.allclose(z[i], expected, atol=1e-5)
        assert torch.allclose(loss[i], F.cross_entropy(expected, LABELS), atol=1e-5)


def test_size_counts_weights_and_biases() -> None:
    assert NET.size == (5 * 7 + 7) + (7 * 7 + 7) + (7 * 3 + 3) == len(initial(NET))


def test_gradcheck() -> None:
    net = Network(5, 3, width=2, depth=3, skip=True)
    theta = (initial(net, 3) + 0.05).double()[None].requires_grad_()  # no ReLU exactly at its kink
    assert torch.autograd.gradcheck(lambda t: losses(net, t, X[:4].double(), LABELS[:4]), theta)


@pytest.mark.parametrize("rule", TRAINERS)
def test_training_equals_a_plain_loop(rule: str) -> None:
    *_, done = train(NET, X, LABELS, rule, steps=30, batch=90, every=10, seed=2)
    theta = initial(NET, 2).requires_grad_()
    optimizer = TRAINERS[rule][2]([theta], TRAINERS[rule][1])
    path = [theta.detach().clone()]
    for t in range(1, 31):
        optimizer.zero_grad()
        F.cross_entropy(logits(NET, theta, X), LABELS).backward()
        optimizer.step()
        if t % 10 == 0:
            path.append(theta.detach().clone())
    assert torch.allclose(done.theta, torch.stack(path), atol=1e-4)
    assert done.steps == 30 and not done.diverged
    assert done.loss[-1] < done.loss[0]
    assert torch.allclose(done.loss, losses(NET, done.theta, X, LABELS), atol=1e-6)


def test_training_shows_how_far_it_is_and_repeats_itself() -> None:
    torch_state = torch.random.get_rng_state()
    parts = list(train(SKIP, X, LABELS, "adam", steps=50, batch=16, every=4, seed=7))
    again = list(train(SKIP, X, LABELS, "adam", steps=50, batch=16, every=4, seed=7))[-1]
    other = list(train(SKIP, X, LABELS, "gd", steps=50, batch=16, every=4, seed=7))[-1]
    assert torch.equal(torch.random.get_rng_state(), torch_state)
    assert [p.steps for p in parts] == [5, 10, 15, 20, 25, 30, 35, 40, 45, 50]
    assert all(torch.equal(b.theta[: len(a.theta)], a.theta) for a, b in pairwise(parts))
    assert len(parts[-1].theta) == 1 + 12 + 1  # the start, every fourth step, and the end
    assert torch.equal(parts[-1].theta, again.theta)
    assert torch.equal(other.theta[0], again.theta[0])  # the same first weights for every rule


def test_training_that_diverges_says_so() -> None:
    *_, done = train(NET, X, LABELS, "gd", 1e30, steps=20)
    assert done.diverged and done.steps < 20 and done.theta.isfinite().all()
    (still,) = train(NET, X, LABELS, "gd", steps=0)
    assert still.theta.shape == (1, NET.size)


def test_weight_decay_is_the_optimizers_own_unless_given() -> None:
    def end(rule: str, decay: float | None) -> Tensor:
        return list(train(NET, X, LABELS, rule, 0.01, steps=20, weight_decay=decay))[-1].theta[-1]

    assert torch.allclose(end("adamw", 0.0), end("adam", None))
    assert not torch.allclose(end("adamw", None), end("adam", None))


# --- Planes ---


@BOTH
def test_random_directions_have_the_length_of_each_neurons_weights(net: Network) -> None:
    center = list(train(net, X, LABELS, steps=20))[-1].theta[-1]
    plane, again = random_plane(net, center, 3), random_plane(net, center, 3)
    assert torch.equal(plane.first, again.first) and not torch.equal(plane.first, plane.second)
    for d in (plane.first, plane.second):
        for (w, b), (at, _) in zip(layers(net, d), layers(net, center), strict=True):
            assert torch.allclose(w.norm(dim=0), at.norm(dim=0), atol=1e-5) and (b == 0).all()
    # a dead neuron has no direction, and breaks nothing
    assert random_plane(net, torch.zeros(net.size)).first.abs().max() == 0


def test_main_directions_are_those_of_numpy() -> None:
    *_, done = train(NET, X, LABELS, "momentum", steps=60, every=2)
    center = done.theta[-1]
    plane = pca_plane(center, [done.theta])
    _, s, v = np.linalg.svd((done.theta - center).double().numpy(), full_matrices=False)
    for ours, theirs in zip((plane.first, plane.second), v, strict=False):
        assert abs(float(ours.double() @ torch.from_numpy(theirs))) == pytest.approx(1, abs=1e-4)
    assert plane.explained == pytest.approx(tuple((s**2 / (s**2).sum())[:2]), abs=1e-4)
    assert plane.first @ plane.second == pytest.approx(0, abs=1e-5)
    inside = sum(plane.explained)
    assert 0.8 < inside <= 1 + 1e-6  # the plane holds most of the path
    random = random_plane(NET, center)
    held = project(random, done.theta) @ torch.stack([random.first, random.second])
    assert held.norm() < 0.5 * (done.theta - center).norm()  # a random one hardly any


@given(alpha=st.floats(-2, 2), beta=st.floats(-2, 2), seed=st.integers(0, 50))
@QUICK
def test_projecting_a_point_of_the_plane_gives_its_coordinates(alpha: float, beta: float, seed: int) -> None:
    plane = random_plane(NET, initial(NET, seed), seed)
    point = plane.center + alpha * plane.first + beta * plane.second
    assert project(plane, point).tolist() == pytest.approx([alpha, beta], abs=1e-4)
    # what sticks out of the plane does not count
    out = torch.zeros(NET.size)
    for _, b in layers(NET, out):
        b += 1.0
    assert project(plane, torch.stack([point, point + out]))[1].tolist() == pytest.approx([alpha, beta], abs=1e-4)


@BOTH
def test_landscape_equals_one_network_at_a_time(net: Network) -> None:
    plane = random_plane(net, initial(net, 1), 1)
    parts = list(landscape(net, plane, X, LABELS, (-1, 1, -0.5, 2), n=9, chunk=4))
    full = list(landscape(net, plane, X, LABELS, (-1, 1, -0.5, 2), n=9, chunk=1000))
    assert len(full) == 1 and len(parts) > 5
    assert all(a.done < b.done for a, b in pairwise(parts)) and parts[-1].done == 1
    assert parts[0].loss.isnan().any() and not parts[-1].loss.isnan().any()
    assert torch.allclose(full[0].loss, parts[-1].loss, atol=1e-5)
    for i, j in ((0, 0), (3, 7), (8, 2)):
        a, b = full[0].alpha[j], full[0].beta[i]
        theta = plane.center + a * plane.first + b * plane.second
        assert full[0].loss[i, j].item() == pytest.approx(losses(net, theta[None], X, LABELS).item(), rel=1e-4)


def test_the_view_holds_the_paths_and_the_center() -> None:
    view = view_of([torch.tensor([[1.0, 2.0], [3.0, 2.0]]), torch.tensor([[-1.0, 5.0]])])
    assert view == pytest.approx((-2, 4, -1.25, 6.25))
    xmin, xmax, ymin, ymax = view_of([torch.zeros(1, 2)])
    assert xmin < 0 < xmax and ymin < 0 < ymax


def test_what_bad_input_gets() -> None:
    with pytest.raises(ValueError, match="2 classes"):
        Network(5, 1)
    with pytest.raises(ValueError, match="depth 1 at least"):
        Network(5, 3, depth=0)
    with pytest.raises(ValueError, match="choose one of gd"):
        next(train(NET, X, LABELS, "sgdd"))
    with pytest.raises(ValueError, match="lr must be"):
        next(train(NET, X, LABELS, lr=math.nan))
    for wrong in ({"steps": -1}, {"every": 0}, {"batch": 0}, {"batch": 91}):
        with pytest.raises(ValueError, match="batches of 1 to 90"):
            next(train(NET, X, LABELS, **wrong))
    for x, labels in ((X[:, :4], LABELS), (X, LABELS[:3]), (X[:0], LABELS[:0])):
        with pytest.raises(ValueError, match="Data are"):
            next(train(NET, x, labels))
    with pytest.raises(ValueError, match="between 0 and 2"):
        next(train(NET, X, LABELS + 1))
    with pytest.raises(ValueError, match="at least 3 points"):
        pca_plane(X[0], [X[:2]])
    plane = Plane(initial(NET), initial(NET, 1), initial(NET, 2))
    with pytest.raises(ValueError, match="xmin < xmax"):
        next(landscape(NET, plane, X, LABELS, (1, 0, 0, 1)))


# --- all of it ---


def test_explore_walks_on_the_plane_that_it_draws() -> None:
    network = Network(inputs=2, classes=2, width=4, depth=2)
    x = torch.randn(40, 2, generator=torch.Generator().manual_seed(0))
    labels = (x[:, 0] > 0).long()
    *growing, found = real_surface.explore(network, x, labels, ["gd", "adam"], 30, batch=20, n=9)
    done = [part.done for part in growing]
    assert done == sorted(done) and found.done == 1
    assert found.map is not None and found.map.loss.isfinite().all()
    best = min(found.losses, key=lambda rule: found.losses[rule][-1].item())
    assert found.paths[best][-1].abs().max() < 1e-4, "the plane goes through the best end"
    alone = list(real_surface.train(network, x, labels, "adam", steps=30, batch=20))[-1]
    assert real_surface.summary(found)["adam"] == pytest.approx(alone.loss[-1].item())
    assert 0 < sum(found.explained) <= 1 + 1e-6
