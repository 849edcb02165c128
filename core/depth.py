r"""Signal through depth: what initialisation and activation do to a deep fully connected network.

Layer l computes z_l = W_l a_{l-1} + b_l and a_l = f(z_l), with weights of variance v. The variance of z then
follows the mean-field recursion, and the gradient δ_l at z_l its mirror image, with z ~ N(0, q_l)
(Poole et al. 2016, "Exponential expressivity in deep neural networks through transient chaos"; Schoenholz et
al. 2017, "Deep information propagation"):

    q_{l+1} = n_in v E[f(z)²] + v_b        E[δ_l²] = n_out v E[f'(z)²] E[δ_{l+1}²] = χ_l E[δ_{l+1}²]

Signal or gradient fades or explodes as a power of depth unless both factors are 1. Xavier: Glorot, Bengio
2010; Kaiming: He et al. 2015; LeCun: LeCun et al. 1998; orthogonal: Saxe et al. 2014.

The loss is the mean over the batch of r_n · a_L, with a fixed random direction r_n ~ N(0, I) for each sample:
the gradient that enters at the top has size 1 whatever the network does, so what is seen is what depth does.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

Function = Callable[[Tensor], Tensor]  # elementwise, such as torch.tanh


@dataclass(frozen=True)
class Initialisation:
    """A rule for the weights: draws of one `kind`, scaled to variance(fan_in, fan_out, sigma)."""

    title: str
    formula: str
    note: str
    kind: str  # of the bank it scales: "normal", "uniform" or "orthogonal"
    variance: Callable[[int, int, float], float]


INITIALISATIONS: dict[str, Initialisation] = {
    "xavier_uniform": Initialisation(
        "Xavier uniform",
        r"U\left(\pm\sqrt{6 / (n_\text{in} + n_\text{out})}\right)",
        "Keeps the signal for odd functions that look like the identity at 0, such as tanh; not for ReLU.",
        "uniform",
        lambda fan_in, fan_out, sigma: 2 / (fan_in + fan_out),
    ),
    "xavier_normal": Initialisation(
        "Xavier normal",
        r"N\left(0,\ 2 / (n_\text{in} + n_\text{out})\right)",
        "The same variance as Xavier uniform; with ReLU the variance halves in each layer.",
        "normal",
        lambda fan_in, fan_out, sigma: 2 / (fan_in + fan_out),
    ),
    "kaiming_uniform": Initialisation(
        "Kaiming uniform",
        r"U\left(\pm\sqrt{6 / n_\text{in}}\right)",
        "Doubles the variance, because ReLU throws half of it away.",
        "uniform",
        lambda fan_in, fan_out, sigma: 2 / fan_in,
    ),
    "kaiming_normal": Initialisation(
        "Kaiming normal",
        r"N\left(0,\ 2 / n_\text{in}\right)",
        "Holds the signal through any depth of ReLU; too large for functions that do not halve the variance.",
        "normal",
        lambda fan_in, fan_out, sigma: 2 / fan_in,
    ),
    "lecun_normal": Initialisation(
        "LeCun normal",
        r"N\left(0,\ 1 / n_\text{in}\right)",
        "Keeps the variance of a linear layer; the one that SELU was made for.",
        "normal",
        lambda fan_in, fan_out, sigma: 1 / fan_in,
    ),
    "orthogonal": Initialisation(
        "Orthogonal",
        r"W^\top W = I",
        "A rotation: keeps the length of every vector exactly, until the activation shortens it.",
        "orthogonal",
        lambda fan_in, fan_out, sigma: 1 / fan_in,
    ),
    "normal": Initialisation(
        "Normal with your σ",
        r"N(0,\ \sigma^2)",
        "One σ for every width: right for one width only, fades below it and explodes above it.",
        "normal",
        lambda fan_in, fan_out, sigma: sigma * sigma,
    ),
    "zeros": Initialisation(
        "All zeros",
        r"W = 0",
        "All units of a layer compute the same and get the same gradient: they never become different.",
        "normal",
        lambda fan_in, fan_out, sigma: 0.0,
    ),
}


@dataclass(frozen=True)
class Bank:
    """All random numbers of an experiment, with variance 1. A slider scales them and never redraws them."""

    kind: str
    weights: Tensor  # (depth_max, width, width)
    biases: Tensor  # (depth_max, width)
    inputs: Tensor  # (batch, width)
    direction: Tensor  # (batch, width)


@dataclass(frozen=True)
class Signal:
    """What was measured, layer by layer (L,), in float64 on the CPU; layer 1 comes first."""

    mean: Tensor  # of the activations
    std: Tensor
    edges: Tensor  # (L, bins + 1), each layer its own; the outermost bins also hold what lies beyond them
    counts: Tensor  # (L, bins) of about HISTOGRAM_ENTRIES activations, those of the first samples
    weight_gradient: Tensor  # Frobenius norm of dLoss/dW
    gradient_std: Tensor  # root mean square, over samples and units, of one sample's gradient at z
    dead: Tensor  # share of units with f'(z) = 0 on the whole batch: no sample can teach them
    saturated: Tensor  # share of entries with |f'(z)| < threshold
    broken: int | None  # the first layer with an activation that is not finite, or None


@dataclass(frozen=True)
class Theory:
    """What the mean-field recursion predicts for the same numbers, layer by layer (L,), in float64."""

    variance: Tensor  # q, of the pre-activations
    mean: Tensor  # of the activations
    std: Tensor
    chi: Tensor  # factor of the gradient's variance from z_{l+1} to z_l
    gradient_std: Tensor
    weight_gradient: Tensor


@dataclass(frozen=True)
class Experiment:
    """Measurement, prediction, and the gain of the function."""

    signal: Signal
    theory: Theory
    gain: float  # see `gain`
    holding_sigma: float  # gain / √width: the σ of N(0, σ²) at which a signal of variance 1 keeps it


HISTOGRAM_ENTRIES = 4096  # of each layer; all of them would cost as much as the network itself


def bank(seed: int, depth_max: int, width: int, kind: str = "normal", batch: int = 256, device: str = "cpu") -> Bank:
    """Draw once per (seed, width, kind) and keep: drawing is slower than the network; the first layers do not
    depend on depth_max."""
    if kind not in ("normal", "uniform", "orthogonal"):
        raise ValueError(f"A bank is normal, uniform or orthogonal, not {kind!r}.")
    if min(depth_max, width, batch) < 1:
        raise ValueError("Depth, width and batch must be at least 1.")
    # One generator for each purpose, so that none of them shifts the numbers of another.
    draw = [torch.Generator().manual_seed(4 * seed + i) for i in range(4)]
    if kind == "uniform":
        weights = [torch.rand(width, width, generator=draw[0]) for _ in range(depth_max)]
        stacked = (torch.stack(weights) * 2 - 1) * math.sqrt(3)
    else:
        stacked = torch.stack([torch.randn(width, width, generator=draw[0]) for _ in range(depth_max)])
    if kind == "orthogonal":
        q, r = torch.linalg.qr(stacked)
        # Without the signs of R's diagonal, Q would not be uniform among the rotations.
        stacked = q * r.diagonal(dim1=-2, dim2=-1).sign().unsqueeze(-2) * math.sqrt(width)
    return Bank(
        kind,
        stacked.to(device),
        torch.stack([torch.randn(width, generator=draw[1]) for _ in range(depth_max)]).to(device),
        torch.randn(batch, width, generator=draw[2]).to(device),
        torch.randn(batch, width, generator=draw[3]).to(device),
    )


def weights(bank: Bank, depth: int, scheme: str, sigma: float = 0.1, gain: float = 1.0) -> Tensor:
    """The weight matrices (depth, width, width); z = a @ W.T."""
    width = bank.inputs.shape[1]
    return bank.weights[:depth] * _weight_std(scheme, width, sigma, gain)


def signal(
    f: Function,
    bank: Bank,
    depth: int,
    scheme: str = "kaiming_normal",
    sigma: float = 0.1,
    bias_std: float = 0.0,
    input_scale: float = 1.0,
    gain: float = 1.0,
    threshold: float = 0.1,
    bins: int = 40,
) -> Signal:
    """One forward and one backward pass, measured; `gain` multiplies the weights that the scheme draws."""
    _check(depth, bank.weights.shape[0], bias_std, input_scale)
    w_std = _weight_std(scheme, bank.inputs.shape[1], sigma, gain)
    kind = INITIALISATIONS[scheme].kind
    if kind != bank.kind:
        raise ValueError(f"{INITIALISATIONS[scheme].title} needs a bank of kind {kind!r}, not {bank.kind!r}.")

    if bins < 1 or not threshold > 0:
        raise ValueError(f"There must be at least 1 bin and a threshold above 0, not {bins} and {threshold}.")

    a, slopes = _forward(f, bank, depth, w_std, bias_std, input_scale)
    gradient_std, weight_gradient = _backward(a, slopes, bank, w_std)
    entries = a[0].numel()
    mean = torch.stack([y.sum(dtype=torch.float64) for y in a[1:]]) / entries
    std = torch.stack([y.std(correction=0) for y in a[1:]]).double()
    for i in ((std < 1e-15) | (std > 1e15) | std.isnan()).nonzero().flatten().tolist():
        std[i] = a[i + 1].double().std(correction=0)  # float32 loses the squares of what is tiny or huge
    # Layers before the first broken one.
    alive = int((mean.isfinite() & std.isfinite()).int().cumprod(0).sum())
    edges, counts = _histogram(a[1:], mean[:alive], std[:alive], bins)
    dead, low = _census(slopes, threshold)
    return Signal(
        mean=mean.cpu(),
        std=std.cpu(),
        edges=edges.cpu(),
        counts=counts.cpu(),
        weight_gradient=weight_gradient,
        gradient_std=gradient_std,
        dead=dead.cpu(),
        saturated=low.cpu(),
        broken=None if alive == depth else alive + 1,
    )


def theory(
    f: Function,
    depth: int,
    width: int,
    scheme: str = "kaiming_normal",
    sigma: float = 0.1,
    bias_std: float = 0.0,
    input_scale: float = 1.0,
    gain: float = 1.0,
    batch: int = 256,
) -> Theory:
    """The mean-field prediction for `signal` with the same numbers; exact as the width goes to infinity."""
    _check(depth, depth, bias_std, input_scale)
    factor = width * _weight_std(scheme, width, sigma, gain) ** 2  # n v
    nodes, mass = _standard_normal()
    q: list[float] = []
    points: list[Tensor] = []
    second = [input_scale * input_scale]  # second[l] = E[a_l²]
    for _ in range(depth):
        q.append(factor * second[-1] + bias_std * bias_std)
        points.append(nodes * math.sqrt(q[-1]))
        second.append(float(f(points[-1]).square() @ mass))
    z = torch.stack(points)  # (L, nodes)
    y, slope = _value_and_slope(f, z, torch.ones_like(z))
    mean, before = y @ mass, torch.tensor(second[:-1], dtype=torch.float64)
    std = (y - mean.unsqueeze(1)).square() @ mass
    through = slope.square() @ mass  # E[f'(z)²]
    layers_above = torch.arange(depth - 1, -1, -1, dtype=torch.float64)
    delta = through.flip(0).cumprod(0).flip(0) * factor**layers_above
    # Samples have independent directions, so the squares of their outer products δ aᵀ add up.
    return Theory(
        variance=torch.tensor(q, dtype=torch.float64),
        mean=mean,
        std=std.sqrt(),
        chi=factor * through,
        gradient_std=delta.sqrt(),
        weight_gradient=(delta * before / batch).sqrt() * width,
    )


_kept = lru_cache(maxsize=12)(bank)  # by seed, width and kind: drawing costs as much as the network


def experiment(
    f: Function,
    depth: int = 20,
    width: int = 128,
    scheme: str = "normal",
    sigma: float = 0.1,
    bias_std: float = 0.0,
    input_scale: float = 1.0,
    threshold: float = 0.1,
    seed: int = 0,
    batch: int = 64,
    bins: int = 26,
    device: str = "cpu",
) -> Experiment:
    """All that the page shows; the same seed gives the same random numbers at every depth and with every σ."""
    _weight_std(scheme, width, sigma, 1.0)  # refuses what is not allowed before anything is drawn
    drawn = _kept(seed, max(depth, 50), width, INITIALISATIONS[scheme].kind, batch, device)
    same = {"sigma": sigma, "bias_std": bias_std, "input_scale": input_scale}
    own = gain(f)
    return Experiment(
        signal(f, drawn, depth, scheme, **same, threshold=threshold, bins=bins),
        theory(f, depth, width, scheme, **same, batch=batch),
        own,
        own / math.sqrt(width),
    )


def gain(f: Function) -> float:
    """1 / √E[f(z)²] for z ~ N(0, 1): the factor that gives a layer its variance back; inf where f is 0."""
    nodes, mass = _standard_normal()
    second = float(f(nodes).square() @ mass)
    return 1 / math.sqrt(second) if second else math.inf


# What torch.nn.init.calculate_gain calls the functions that it knows.
_PYTORCH_NAMES = {"identity": "linear", "sigmoid": "sigmoid", "tanh": "tanh", "relu": "relu", "selu": "selu",
                  "leaky_relu": "leaky_relu", "prelu": "leaky_relu"}  # fmt: skip


def pytorch_gain(name: str = "", **parameters: float) -> float | None:
    """The gain that PyTorch recommends, by its own table; None for a function that it does not know."""
    known = _PYTORCH_NAMES.get(name)
    slope = next(iter(parameters.values()), 0.01)  # the only parameter of the leaky ones
    return torch.nn.init.calculate_gain(known, slope if known == "leaky_relu" else None) if known else None  # type: ignore[arg-type]


def _weight_std(scheme: str, width: int, sigma: float, gain: float) -> float:
    if scheme not in INITIALISATIONS:
        raise ValueError(f"There is no initialisation {scheme!r}; choose one of {', '.join(INITIALISATIONS)}.")
    if not (0 <= sigma < math.inf and 0 <= gain < math.inf):
        raise ValueError(f"sigma and gain must be finite and not negative, not {sigma} and {gain}.")
    return gain * math.sqrt(INITIALISATIONS[scheme].variance(width, width, sigma))


def _check(depth: int, depth_max: int, bias_std: float, input_scale: float) -> None:
    if not 1 <= depth <= depth_max:
        raise ValueError(f"Depth must lie between 1 and {depth_max}, not {depth}.")
    for name, value in (("bias_std", bias_std), ("input_scale", input_scale)):
        if not 0 <= value < math.inf:
            raise ValueError(f"{name} must be finite and not negative, not {value}.")


def _forward(
    f: Function, bank: Bank, depth: int, w_std: float, bias_std: float, input_scale: float
) -> tuple[list[Tensor], list[Tensor]]:
    """Activations a (a[0] is the input, a[l] what layer l gives) and slopes f'(z), each (batch, width)."""
    a, slopes, ones = [bank.inputs * input_scale], [], torch.ones_like(bank.inputs)
    for w, b in zip(bank.weights[:depth], bank.biases, strict=False):
        # addmm scales inside the product, so the matrices of the bank are never copied.
        y, slope = _value_and_slope(f, torch.addmm(b, a[-1], w.T, beta=bias_std, alpha=w_std), ones)
        a.append(y)
        slopes.append(slope)
    return a, slopes


def _backward(a: list[Tensor], slopes: list[Tensor], bank: Bank, w_std: float) -> tuple[Tensor, Tensor]:
    """Size of the gradient at each z and of dLoss/dW."""
    # The true gradient is size · delta; delta stays near 1, size is a Python float: float32 ends at 1e-45.
    batch, width = bank.inputs.shape
    delta, size = bank.direction, 1.0
    at_z, at_w = [], []
    for layer in reversed(range(len(slopes))):
        delta = delta * slopes[layer]
        here = torch.linalg.vector_norm(delta).item() / math.sqrt(batch * width)
        product = torch.linalg.vector_norm(delta.T @ a[layer], dtype=torch.float64).item()
        at_z.append(size * here)
        at_w.append(size * product / batch)
        unit = here if here > 1e-30 else 1.0
        delta = torch.mm(delta, bank.weights[layer]).mul_(1 / unit)
        size *= unit * w_std
    return torch.tensor(at_z[::-1], dtype=torch.float64), torch.tensor(at_w[::-1], dtype=torch.float64)


def _census(slopes: list[Tensor], threshold: float) -> tuple[Tensor, Tensor]:
    """Share of dead units and of saturated entries."""
    steepest, low = [], []
    magnitude, below = torch.empty_like(slopes[0]), torch.empty_like(slopes[0])
    for slope in slopes:
        torch.abs(slope, out=magnitude)
        steepest.append(magnitude.amax(0))
        low.append(torch.lt(magnitude, threshold, out=below).sum())  # 0s and 1s as floats: five times faster
    return (torch.stack(steepest) == 0).double().mean(1), torch.stack(low).double() / slopes[0].numel()


def _value_and_slope(f: Function, z: Tensor, ones: Tensor) -> tuple[Tensor, Tensor]:
    """f(z) and f'(z), cut off from autograd; `ones` of z's shape."""
    with torch.enable_grad():
        x = z.detach().requires_grad_()
        y = f(x)
        if y.shape != z.shape:
            raise ValueError(f"The activation must keep the shape {tuple(z.shape)}, not give {tuple(y.shape)}.")
        slope = None
        if y.requires_grad:
            (slope,) = torch.autograd.grad(y, x, ones, allow_unused=True)
    return y.detach(), torch.zeros_like(z) if slope is None else slope


def _standard_normal(n: int = 1600) -> tuple[Tensor, Tensor]:
    """Points in ±8 and their mass. Dense, and none at 0: Gauss-Hermite would stumble over kinks and jumps."""
    z = (torch.arange(n, dtype=torch.float64) + 0.5) * (16 / n) - 8
    mass = torch.exp(-z * z / 2)
    return z, mass / mass.sum()


def _histogram(layers: list[Tensor], mean: Tensor, std: Tensor, bins: int) -> tuple[Tensor, Tensor]:
    """Edges (L, bins + 1) and counts (L, bins) of each layer between its own extremes, or 4 of its standard deviations
    if that is less."""
    alive, device = len(mean), mean.device
    edges = torch.linspace(-0.5, 0.5, bins + 1, dtype=torch.float64, device=device).repeat(len(layers), 1)
    counts = torch.zeros(len(layers), bins, dtype=torch.int64, device=device)
    if alive == 0:
        return edges, counts
    rows = max(1, HISTOGRAM_ENTRIES // layers[0].shape[1])
    seen = torch.stack([y[:rows] for y in layers[:alive]]).flatten(1).double()  # (alive, entries)
    low = torch.maximum(seen.amin(1), mean - 4 * std)
    high = torch.minimum(seen.amax(1), mean + 4 * std)
    hair = 1e-9 * (1 + low.abs())  # where everything is one number
    low, high = torch.where(high > low, low, low - hair), torch.where(high > low, high, low + hair)
    edges[:alive] = (
        low[:, None] + torch.linspace(0, 1, bins + 1, dtype=torch.float64, device=device) * (high - low)[:, None]
    )
    index = ((seen - low[:, None]) * (bins / (high - low))[:, None]).clamp_(0, bins - 1).long()
    # Each layer has its own bins in one long count.
    index += torch.arange(alive, device=device).unsqueeze(1) * bins
    counts[:alive] = torch.bincount(index.flatten(), minlength=alive * bins).view(alive, bins)
    return edges, counts
