"""Depth: measured against a plain loop, autograd on torch.nn, torch.nn.init and the theory."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from core.depth import INITIALISATIONS, Bank, bank, experiment, gain, pytorch_gain, signal, theory, weights

SCHEMES = pytest.mark.parametrize("scheme", INITIALISATIONS)
BANKS = {kind: bank(7, 6, 24, kind, batch=32) for kind in ("normal", "uniform", "orthogonal")}


def of(scheme: str) -> Bank:
    return BANKS[INITIALISATIONS[scheme].kind]


def network(scheme: str, depth: int, activation: type[torch.nn.Module], bias_std: float) -> torch.nn.Sequential:
    """The same weights in torch.nn, in float64."""
    numbers = of(scheme)
    layers: list[torch.nn.Module] = []
    for w, b in zip(weights(numbers, depth, scheme, 0.3), numbers.biases, strict=False):
        linear = torch.nn.Linear(24, 24).double()
        linear.weight.data, linear.bias.data = w.double(), bias_std * b.double()
        layers += [linear, activation()]
    return torch.nn.Sequential(*layers)


@SCHEMES
@pytest.mark.parametrize("activation", [torch.nn.ReLU, torch.nn.Tanh, torch.nn.Sigmoid, torch.nn.GELU])
def test_everything_equals_a_hand_built_network(scheme: str, activation: type[torch.nn.Module]) -> None:
    depth, numbers, net = 6, of(scheme), network(scheme, 6, activation, 0.1)
    got = signal(activation(), numbers, depth, scheme, sigma=0.3, bias_std=0.1, input_scale=1.5)

    x = 1.5 * numbers.inputs.double()
    linears = [m for m in net if isinstance(m, torch.nn.Linear)]
    pre, post = [], []
    for linear in linears:
        z = linear(x)
        z.retain_grad()
        x = activation()(z)
        pre.append(z)
        post.append(x)
    ((x * numbers.direction).sum(1).mean()).backward()

    for layer in range(depth):
        values = post[layer].detach()
        assert got.mean[layer].item() == pytest.approx(values.mean().item(), rel=1e-4, abs=1e-6)
        assert got.std[layer].item() == pytest.approx(values.std(correction=0).item(), rel=1e-4, abs=1e-6)
        norm = linears[layer].weight.grad.norm().item()
        assert got.weight_gradient[layer].item() == pytest.approx(norm, rel=1e-4, abs=1e-12)
        delta = pre[layer].grad * 32  # of one sample, not of the mean over the batch
        rms = delta.square().mean().sqrt().item()
        assert got.gradient_std[layer].item() == pytest.approx(rms, rel=1e-4, abs=1e-12)

        z = pre[layer].detach().requires_grad_()
        slope = torch.autograd.grad(activation()(z).sum(), z)[0]
        dead = sum(all(slope[n, i] == 0 for n in range(32)) for i in range(24)) / 24
        assert got.dead[layer].item() == pytest.approx(dead, abs=1e-6)
        flat = (slope.abs() < 0.1).double().mean().item()
        assert got.saturated[layer].item() == pytest.approx(flat, abs=2e-3)
        assert got.counts[layer].sum() == 24 * 32


def test_histogram_equals_counting() -> None:
    got = signal(torch.tanh, of("xavier_normal"), 3, "xavier_normal", bins=10)
    a = of("xavier_normal").inputs
    for layer, w in enumerate(weights(of("xavier_normal"), 3, "xavier_normal")):
        a = torch.tanh(a @ w.T)
        inside = a.double().clamp(got.edges[layer][0], got.edges[layer][-1])
        counted = [
            ((inside >= lo) & (inside < hi)).sum()
            for lo, hi in zip(got.edges[layer], got.edges[layer][1:], strict=False)
        ]
        counted[-1] += (inside == got.edges[layer][-1]).sum()
        assert (torch.stack(counted) - got.counts[layer]).abs().max() <= 1  # float32 at an edge


def test_dragging_depth_keeps_the_first_layers() -> None:
    short, long = bank(3, 4, 16), bank(3, 9, 16)
    assert torch.equal(short.weights, long.weights[:4]) and torch.equal(short.biases, long.biases[:4])
    assert torch.equal(short.inputs, long.inputs)
    assert not torch.equal(short.weights, bank(4, 4, 16).weights)
    torch.testing.assert_close(signal(F.relu, long, 4).std, signal(F.relu, long, 9).std[:4])


@pytest.mark.parametrize(
    ("scheme", "init"),
    [
        ("xavier_uniform", torch.nn.init.xavier_uniform_),
        ("xavier_normal", torch.nn.init.xavier_normal_),
        (
            "kaiming_uniform",
            lambda w, generator: torch.nn.init.kaiming_uniform_(w, 0, "fan_in", "relu", generator),
        ),
        (
            "kaiming_normal",
            lambda w, generator: torch.nn.init.kaiming_normal_(w, 0, "fan_in", "relu", generator),
        ),
        (
            "lecun_normal",
            lambda w, generator: torch.nn.init.kaiming_normal_(w, 0, "fan_in", "linear", generator),
        ),
        ("orthogonal", torch.nn.init.orthogonal_),
        ("normal", lambda w, generator: torch.nn.init.normal_(w, 0, 0.3, generator)),
        ("zeros", lambda w, generator: torch.nn.init.zeros_(w)),
    ],
)
def test_spread_equals_torch_init(scheme: str, init) -> None:
    width = 256
    mine = weights(bank(0, 1, width, INITIALISATIONS[scheme].kind, batch=1), 1, scheme, sigma=0.3)[0]
    theirs = init(torch.empty(width, width), generator=torch.Generator().manual_seed(1))
    assert mine.std().item() == pytest.approx(theirs.std().item(), rel=0.02)
    assert mine.mean().item() == pytest.approx(0, abs=3 * theirs.std().item() / width)
    if "uniform" in scheme:
        assert mine.abs().max().item() == pytest.approx(theirs.abs().max().item(), rel=1e-3)


def test_orthogonal_matrices_are_orthogonal() -> None:
    w = weights(of("orthogonal"), 6, "orthogonal").double()
    eye = torch.eye(24, dtype=torch.float64).expand(6, 24, 24)
    torch.testing.assert_close(w @ w.mT, eye, atol=1e-5, rtol=0)
    identity = signal(lambda z: z, of("orthogonal"), 6, "orthogonal")
    torch.testing.assert_close(identity.gradient_std, identity.gradient_std[:1].expand(6), rtol=1e-5, atol=0)


def test_zeros_make_all_units_the_same() -> None:
    got = signal(torch.sigmoid, of("zeros"), 5, "zeros")
    assert (got.std == 0).all() and (got.mean == 0.5).all()
    assert ((got.counts > 0).sum(1) == 1).all()
    assert (got.weight_gradient[:-1] == 0).all() and got.weight_gradient[-1] > 0
    assert (signal(F.relu, of("zeros"), 5, "zeros").dead == 1).all()


@pytest.mark.parametrize("scheme", ["lecun_normal", "kaiming_uniform", "orthogonal"])
def test_wide_networks_follow_the_theory(scheme: str) -> None:
    depth, width = 4, 1024
    numbers = bank(1, depth, width, INITIALISATIONS[scheme].kind, batch=128)
    settings = {"scheme": scheme, "bias_std": 0.1, "input_scale": 0.8}
    for f in (F.relu, torch.tanh, torch.sigmoid, F.selu, F.hardtanh):
        got, predicted = signal(f, numbers, depth, **settings), theory(f, depth, width, batch=128, **settings)
        # Samples that have grown alike count as one, so about 1024 numbers decide: one sigma is 3 %.
        torch.testing.assert_close(got.std, predicted.std, rtol=0.08, atol=0)
        torch.testing.assert_close(got.mean / got.std, predicted.mean / predicted.std, rtol=0.08, atol=0.06)
        torch.testing.assert_close(got.gradient_std, predicted.gradient_std, rtol=0.04, atol=0)
        torch.testing.assert_close(got.weight_gradient, predicted.weight_gradient, rtol=0.06, atol=0)


def test_theory_of_relu_is_exact() -> None:
    kaiming, xavier = theory(F.relu, 10, 64), theory(F.relu, 10, 64, "xavier_normal")
    ones = torch.ones(10, dtype=torch.float64)
    torch.testing.assert_close(kaiming.variance, 2 * ones, rtol=1e-6, atol=0)
    torch.testing.assert_close(kaiming.chi, ones, rtol=1e-6, atol=0)
    torch.testing.assert_close(xavier.chi, ones / 2, rtol=1e-6, atol=0)
    torch.testing.assert_close(xavier.variance, 0.5 ** torch.arange(10, dtype=torch.float64), rtol=1e-6, atol=0)


def test_tiny_gradients_do_not_vanish_in_float32() -> None:
    numbers = bank(0, 50, 64, batch=32)
    got = signal(torch.sigmoid, numbers, 50, "normal", sigma=0.005)
    assert 0 < got.weight_gradient[0] < 1e-80
    ratio = got.gradient_std[:-1] / got.gradient_std[1:]
    torch.testing.assert_close(ratio, torch.full_like(ratio, 0.25 * 0.005 * 8), rtol=0.2, atol=0)


def test_explosion_is_reported_and_raises_nothing() -> None:
    numbers = bank(0, 50, 64, batch=32)
    got = signal(F.relu, numbers, 50, "normal", sigma=5.0)
    assert got.broken is not None and 20 < got.broken < 40
    assert got.std[: got.broken - 1].isfinite().all() and not got.std[got.broken - 1 :].isfinite().any()
    assert (got.counts[: got.broken - 1].sum(1) > 0).all() and (got.counts[got.broken - 1 :] == 0).all()
    assert theory(F.relu, 50, 64, "normal", sigma=5.0).std[-1] > 1e38
    assert signal(lambda z: z.log(), numbers, 3).broken == 1


def test_constant_and_step_functions_stop_the_gradient() -> None:
    for f in (lambda z: (z > 0).to(z.dtype), torch.ones_like, lambda z: 0 * z):
        got = signal(f, of("kaiming_normal"), 3)
        assert (got.weight_gradient == 0).all() and (got.dead == 1).all()
        assert (theory(f, 3, 24).chi == 0).all()


def test_inputs_are_not_changed() -> None:
    numbers = bank(0, 3, 8, batch=4)
    before = [t.clone() for t in (numbers.weights, numbers.biases, numbers.inputs, numbers.direction)]
    for f in (lambda z: z, F.relu, torch.exp):
        signal(f, numbers, 3)
    after = (numbers.weights, numbers.biases, numbers.inputs, numbers.direction)
    assert all(torch.equal(x, y) for x, y in zip(before, after, strict=True))


@pytest.mark.parametrize(
    ("f", "name", "param"),
    [
        (F.relu, "relu", None),
        (lambda z: F.leaky_relu(z, 0.3), "leaky_relu", 0.3),
        (lambda z: z, "linear", None),
    ],
)
def test_gain_equals_torch_where_torch_derives_it(f, name: str, param: float | None) -> None:
    assert gain(f) == pytest.approx(torch.nn.init.calculate_gain(name, param), rel=1e-6)


def test_gain_where_torch_rounds_or_gives_up() -> None:
    assert gain(torch.tanh) == pytest.approx(1.5925, abs=1e-3)  # calculate_gain says 5/3
    assert gain(F.selu) == pytest.approx(1, abs=1e-5)  # calculate_gain says 3/4
    assert gain(torch.zeros_like) == math.inf


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 6), st.floats(0, 3), st.floats(0, 2), st.floats(0, 5))
def test_shares_are_shares(depth: int, sigma: float, bias_std: float, input_scale: float) -> None:
    got = signal(torch.tanh, of("normal"), depth, "normal", sigma, bias_std, input_scale)
    for share in (got.dead, got.saturated):
        assert ((share >= 0) & (share <= 1)).all() and share.shape == (depth,)
    assert (got.std >= 0).all() and got.broken is None
    assert (got.edges.diff() > 0).all()


def bad(**changed) -> Tensor:
    values = {"f": torch.tanh, "bank": of("normal"), "depth": 2} | changed
    return signal(**values).mean


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: bank(0, 2, 4, "cauchy"), "not 'cauchy'"),
        (lambda: bank(0, 0, 4), "at least 1"),
        (lambda: bad(depth=0), "between 1 and 6, not 0"),
        (lambda: bad(depth=7), "between 1 and 6, not 7"),
        (lambda: bad(scheme="he"), "no initialisation 'he'"),
        (lambda: bad(scheme="orthogonal"), "needs a bank of kind 'orthogonal', not 'normal'"),
        (lambda: bad(scheme="normal", sigma=-1.0), "not negative"),
        (lambda: bad(bias_std=math.nan), "bias_std must be finite"),
        (lambda: bad(input_scale=-1.0), "input_scale must be finite"),
        (lambda: bad(f=torch.sum), "must keep the shape"),
        (lambda: bad(bins=0), "at least 1 bin"),
        (lambda: bad(threshold=0.0), "threshold above 0"),
    ],
)
def test_bad_input_gets_a_sentence(call, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        call()


@pytest.mark.parametrize("size", [1e-30, 1e-22, 1.0, 1e18, 1e25])
def test_the_std_survives_where_float32_loses_the_squares(size: float) -> None:
    numbers = BANKS["normal"]
    got = signal(lambda z: z, numbers, 1, "lecun_normal", input_scale=size)
    z = size * numbers.inputs.double() @ weights(numbers, 1, "lecun_normal")[0].double().T
    assert got.std[0].item() == pytest.approx(z.std(correction=0).item(), rel=1e-4)
    assert got.broken is None


def test_experiment_is_signal_theory_and_gain() -> None:
    got = experiment(torch.tanh, depth=6, width=24, scheme="xavier_normal", seed=7, batch=32, bins=40)
    expected = signal(torch.tanh, BANKS["normal"], 6, "xavier_normal")
    for name in ("mean", "std", "edges", "counts", "gradient_std", "weight_gradient", "dead", "saturated"):
        torch.testing.assert_close(getattr(got.signal, name), getattr(expected, name))
    torch.testing.assert_close(got.theory.std, theory(torch.tanh, 6, 24, "xavier_normal", batch=32).std, rtol=0, atol=0)
    assert got.gain == gain(torch.tanh) and got.holding_sigma == got.gain / math.sqrt(24)
    with pytest.raises(ValueError, match="no initialisation"):
        experiment(torch.tanh, scheme="nothing")


def test_pytorchs_gains() -> None:
    assert pytorch_gain("relu") == math.sqrt(2) == pytest.approx(gain(torch.relu), rel=1e-4)
    assert pytorch_gain("leaky_relu", alpha=0.2) == torch.nn.init.calculate_gain("leaky_relu", 0.2)
    assert pytorch_gain("prelu", prelu_a=0.25) == torch.nn.init.calculate_gain("leaky_relu", 0.25)
    assert pytorch_gain("mish") is None and pytorch_gain(text="x", a=1.0) is None
