r"""Activation functions: the bend between two linear layers, a = f(w·x + b).

Without f a deep network is one linear map; with it, it can approximate any continuous function
(Hornik, Stinchcombe, White, "Multilayer feedforward networks are universal approximators", 1989).
What f does to the gradient is its derivative f': a layer multiplies the gradient by it on the way back,
so f' near 0 (saturation) starves the layers below.

Sources: ReLU: Nair, Hinton 2010; Leaky ReLU: Maas, Hannun, Ng 2013; PReLU: He et al. 2015; ELU: Clevert
et al. 2016; CELU: Barron 2017; SELU: Klambauer et al. 2017; GELU: Hendrycks, Gimpel 2016; Swish: Ramachandran
et al. 2017; Mish: Misra 2019; Softplus: Dugas et al. 2001; hard sigmoid, hard swish: Howard et al. 2019.

Each f is written as its formula. It takes any shape and any floating dtype, NaN stays NaN (step(NaN) is 0),
and autograd can go through it twice. At a kink the derivative is the one that PyTorch's own function chooses:
relu'(0) = 0.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import torch
from torch import Tensor


@dataclass(frozen=True)
class Parameter:
    """A number that shapes a function; `name` is unique over the whole family."""

    name: str
    symbol: str
    default: float
    low: float
    high: float
    step: float


@dataclass(frozen=True)
class Activation:
    """One member of the family: f(z, **parameters) and what to say about it."""

    title: str
    formula: str
    f: Callable[..., Tensor]
    note: str
    torch_call: str
    parameters: tuple[Parameter, ...] = ()


# --- The functions ------------------------------------------------------------------------------------------
# Exponentials only ever see arguments <= 0, or sit inside torch's own sigmoid and tanh: one that overflows
# turns the gradient into NaN (0 · inf). min(0, z) is z - relu(z): its slope at 0 is 1, as PyTorch has in the
# leaky and exponential members, and it is several times faster than torch.where or clamp.


def identity(z: Tensor) -> Tensor:
    return z


def step(z: Tensor) -> Tensor:
    # 1[z > 0]; the sign keeps the autograd graph, so that the derivative is 0 and not "none".
    return torch.sign(relu(z))


def sigmoid(z: Tensor) -> Tensor:
    # Written out as 1 / (1 + exp(-z)), the gradient at z = -1e4 would be NaN.
    return torch.sigmoid(z)


def tanh(z: Tensor) -> Tensor:
    return torch.tanh(z)


def hard_tanh(z: Tensor) -> Tensor:
    return torch.nn.functional.hardtanh(z, -1.0, 1.0)


def relu(z: Tensor) -> Tensor:
    return torch.relu(z)


def relu6(z: Tensor) -> Tensor:
    return torch.nn.functional.hardtanh(z, 0.0, 6.0)


def leaky_relu(z: Tensor, alpha: float = 0.1) -> Tensor:
    positive = torch.relu(z)
    return positive + alpha * (z - positive)


def prelu(z: Tensor, prelu_a: float = 0.25) -> Tensor:
    return leaky_relu(z, prelu_a)


def elu(z: Tensor, elu_alpha: float = 1.0) -> Tensor:
    positive = torch.relu(z)
    return positive + elu_alpha * torch.expm1(z - positive)


def celu(z: Tensor, celu_alpha: float = 1.0) -> Tensor:
    return elu(z / celu_alpha) * celu_alpha


SELU_ALPHA = 1.6732632423543772
SELU_LAMBDA = 1.0507009873554805


def selu(z: Tensor) -> Tensor:
    return SELU_LAMBDA * elu(z, SELU_ALPHA)


def gelu(z: Tensor) -> Tensor:
    # Φ(z) by erfc: 1 + erf(z / √2) would lose the left tail to cancellation.
    return 0.5 * z * torch.erfc(-math.sqrt(0.5) * z)


def gelu_tanh(z: Tensor) -> Tensor:
    return 0.5 * z * (1 + torch.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z * z * z)))


def silu(z: Tensor, swish_beta: float = 1.0) -> Tensor:
    return z * torch.sigmoid(swish_beta * z)


def mish(z: Tensor) -> Tensor:
    return z * torch.tanh(softplus(z))


def softplus(z: Tensor, softplus_beta: float = 1.0) -> Tensor:
    # log(1 + e^z) = -log σ(-z), which does not overflow
    return -log_sigmoid(-softplus_beta * z) / softplus_beta


def softsign(z: Tensor) -> Tensor:
    return z / (1 + torch.abs(z))


def hard_sigmoid(z: Tensor) -> Tensor:
    return relu6(z + 3) / 6


def hard_swish(z: Tensor) -> Tensor:
    return z * hard_sigmoid(z)


def tanhshrink(z: Tensor) -> Tensor:
    return z - torch.tanh(z)


def log_sigmoid(z: Tensor) -> Tensor:
    return torch.nn.functional.logsigmoid(z)


ACTIVATIONS: dict[str, Activation] = {
    "identity": Activation(
        "Identity",
        r"z",
        identity,
        "Passes everything unchanged: right for a regression's output, but its layers collapse into one.",
        "torch.nn.Identity()(z)",
    ),
    "step": Activation(
        "Step",
        r"\mathbf{1}[z > 0]",
        step,
        "The first artificial neuron: a clear decision, but its derivative is 0 everywhere: nothing learns.",
        "(z > 0).to(z.dtype)",
    ),
    "sigmoid": Activation(
        "Sigmoid",
        r"\sigma(z) = \frac{1}{1 + e^{-z}}",
        sigmoid,
        "Turns a number into a probability; saturates on both sides, its derivative is never above 1/4.",
        "torch.sigmoid(z)",
    ),
    "tanh": Activation(
        "Tanh",
        r"\tanh z = \frac{2}{1 + e^{-2z}} - 1",
        tanh,
        "A zero-centred sigmoid, at home in recurrent networks; still saturates on both sides.",
        "torch.tanh(z)",
    ),
    "hard_tanh": Activation(
        "Hard tanh",
        r"\max(-1, \min(1, z))",
        hard_tanh,
        "Tanh made of three straight lines: cheap and bounded, but beyond ±1 the gradient is exactly 0.",
        "torch.nn.functional.hardtanh(z)",
    ),
    "relu": Activation(
        "ReLU",
        r"\max(0, z)",
        relu,
        "Cheap, does not fade for z > 0: the first thing to try; a unit negative on all data is dead.",
        "torch.relu(z)",
    ),
    "relu6": Activation(
        "ReLU6",
        r"\min(\max(0, z), 6)",
        relu6,
        "ReLU with a ceiling, so that few bits are enough to store it; above 6 its gradient is 0 as well.",
        "torch.nn.functional.relu6(z)",
    ),
    "leaky_relu": Activation(
        "Leaky ReLU",
        r"\max(\alpha z, z)",
        leaky_relu,
        "ReLU with a small slope on the left, so units cannot die; the slope is one more number to choose.",
        "torch.nn.functional.leaky_relu(z, alpha)",
        (Parameter("alpha", r"\alpha", 0.1, 0.0, 0.5, 0.01),),
    ),
    "prelu": Activation(
        "PReLU",
        r"\max(0, z) + a \min(0, z)",
        prelu,
        "Leaky ReLU whose slope is learnt with the weights; it can overfit when there is little data.",
        "torch.nn.functional.prelu(z, torch.tensor(prelu_a, dtype=z.dtype))",
        (Parameter("prelu_a", r"a", 0.25, -1.0, 1.0, 0.01),),
    ),
    "elu": Activation(
        "ELU",
        r"\begin{cases} z & z > 0 \\ \alpha (e^{z} - 1) & z \le 0 \end{cases}",
        elu,
        "Negative values pull the mean towards 0 and units do not die at once; costs an exponential.",
        "torch.nn.functional.elu(z, elu_alpha)",
        (Parameter("elu_alpha", r"\alpha", 1.0, 0.0, 3.0, 0.05),),
    ),
    "celu": Activation(
        "CELU",
        r"\max(0, z) + \min\left(0, \alpha (e^{z / \alpha} - 1)\right)",
        celu,
        "ELU rescaled so that its slope is continuous at 0 for every α.",
        "torch.nn.functional.celu(z, celu_alpha)",
        (Parameter("celu_alpha", r"\alpha", 1.0, 0.1, 3.0, 0.05),),
    ),
    "selu": Activation(
        "SELU",
        r"\lambda \begin{cases} z & z > 0 \\ \alpha (e^{z} - 1) & z \le 0 \end{cases},"
        r"\quad \lambda \approx 1.0507,\ \alpha \approx 1.6733",
        selu,
        "Pulls mean to 0 and variance to 1 from layer to layer by itself; needs LeCun initialisation.",
        "torch.selu(z)",
    ),
    "gelu": Activation(
        "GELU",
        r"z\,\Phi(z) = \frac{z}{2}\left(1 + \operatorname{erf}\frac{z}{\sqrt 2}\right)",
        gelu,
        "A smooth ReLU, the habit of transformers; dips below 0, so it is not monotone, and costs an erf.",
        "torch.nn.functional.gelu(z)",
    ),
    "gelu_tanh": Activation(
        "GELU (tanh)",
        r"\frac{z}{2}\left(1 + \tanh\left(\sqrt{2 / \pi}\,(z + 0.044715 z^3)\right)\right)",
        gelu_tanh,
        "The approximation of GELU that older models were trained with; within 0.0005 of the exact one.",
        "torch.nn.functional.gelu(z, approximate='tanh')",
    ),
    "silu": Activation(
        "Swish / SiLU",
        r"z\,\sigma(\beta z)",
        silu,
        "Smooth; about 1 % better than ReLU in its paper's deep networks; β → ∞ gives ReLU, β = 0 gives z/2.",
        "z * torch.sigmoid(swish_beta * z)",
        (Parameter("swish_beta", r"\beta", 1.0, 0.0, 10.0, 0.1),),
    ),
    "mish": Activation(
        "Mish",
        r"z \tanh(\ln(1 + e^{z}))",
        mish,
        "Close to Swish and as smooth; one of the dearest members of the family.",
        "torch.nn.functional.mish(z)",
    ),
    "softplus": Activation(
        "Softplus",
        r"\frac{1}{\beta} \ln(1 + e^{\beta z})",
        softplus,
        "ReLU with a rounded corner; its derivative is the sigmoid; good where an output must be positive.",
        "torch.nn.functional.softplus(z, softplus_beta)",
        (Parameter("softplus_beta", r"\beta", 1.0, 0.1, 10.0, 0.1),),
    ),
    "softsign": Activation(
        "Softsign",
        r"\frac{z}{1 + |z|}",
        softsign,
        "Like tanh without exponentials; saturates slowly, as 1/z².",
        "torch.nn.functional.softsign(z)",
    ),
    "hard_sigmoid": Activation(
        "Hard sigmoid",
        r"\frac{\min(\max(0, z + 3), 6)}{6}",
        hard_sigmoid,
        "A sigmoid made of three straight lines, for phones; beyond ±3 its gradient is exactly 0.",
        "torch.nn.functional.hardsigmoid(z)",
    ),
    "hard_swish": Activation(
        "Hard swish",
        r"z\,\frac{\min(\max(0, z + 3), 6)}{6}",
        hard_swish,
        "Swish without an exponential, used in MobileNetV3; below -3 units can die as with ReLU.",
        "torch.nn.functional.hardswish(z)",
    ),
    "tanhshrink": Activation(
        "Tanhshrink",
        r"z - \tanh z",
        tanhshrink,
        "What tanh cuts off: flat at 0, so small signals vanish; met in sparse coding, rarely in networks.",
        "torch.nn.functional.tanhshrink(z)",
    ),
    "log_sigmoid": Activation(
        "Log-sigmoid",
        r"\ln \sigma(z) = -\ln(1 + e^{-z})",
        log_sigmoid,
        "The logarithm of a probability, computed without overflow: made for losses, not for hidden layers.",
        "torch.nn.functional.logsigmoid(z)",
    ),
}

PARAMETERS: dict[str, Parameter] = {p.name: p for a in ACTIVATIONS.values() for p in a.parameters}


# --- What a page asks ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Curve:
    """A function and its first two derivatives on the grid z, all of z's shape."""

    z: Tensor
    f: Tensor
    df: Tensor
    d2f: Tensor


@dataclass(frozen=True)
class Probe:
    """The exact f, f' and f'' at one point, and the Lipschitz constant of f."""

    name: str
    f: float
    df: float
    d2f: float
    lipschitz: float


def bind(name: str, **parameters: float) -> Callable[[Tensor], Tensor]:
    """f(z) with its parameters filled in; missing ones take their defaults."""
    activation = _member(name)
    known = {p.name: p for p in activation.parameters}
    for key, value in parameters.items():
        if key not in known:
            allowed = "only " + ", ".join(known) if known else "no parameters"
            raise ValueError(f"{activation.title} takes {allowed}, not {key!r}.")
        if not known[key].low <= value <= known[key].high:
            low, high = known[key].low, known[key].high
            raise ValueError(f"{key} of {activation.title} must lie between {low} and {high}, not {value}.")
    return partial(activation.f, **{p.name: parameters.get(p.name, p.default) for p in activation.parameters})


def own(name: str, parameters: Mapping[str, float]) -> dict[str, float]:
    """Those of the common `parameters` that shape this function."""
    return {p.name: parameters[p.name] for p in _member(name).parameters if p.name in parameters}


def chosen(names: Sequence[str]) -> dict[str, Callable[[Tensor], Tensor]]:
    """Several functions by name, their parameters at the defaults."""
    return {name: bind(name) for name in names}


def curve(name: str, z: Tensor, **parameters: float) -> Curve:
    """f, f' and f'' on the grid z, the derivatives by autograd (0 where its graph ends)."""
    f = bind(name, **parameters)
    if not z.is_floating_point():
        raise ValueError(f"z must hold floating-point numbers to have a derivative, not {z.dtype}.")
    z = z.detach()
    x = z.clone().requires_grad_()
    with torch.enable_grad():
        y = f(x)
        dy = _derivative(y, x)
        d2y = _derivative(dy, x)
    return Curve(z, y.detach(), dy.detach(), d2y.detach())


def probe(functions: Sequence[str], x: float, **parameters: float) -> list[Probe]:
    """f(x), f'(x) and f''(x) in float64; each function takes its own from the common `parameters`."""
    for key in parameters:
        if key not in PARAMETERS:
            raise ValueError(f"No activation has a parameter {key!r}; there are {', '.join(PARAMETERS)}.")
    if not math.isfinite(x):
        raise ValueError(f"x must be a finite number, not {x}.")
    z = torch.tensor(x, dtype=torch.float64)
    found = []
    for name in functions:
        shape = own(name, parameters)
        at = curve(name, z, **shape)
        found.append(Probe(name, at.f.item(), at.df.item(), at.d2f.item(), lipschitz(name, **shape)))
    return found


def saturated(df: Tensor, threshold: float) -> Tensor:
    """Where |f'| < threshold: hardly any gradient gets through."""
    if not threshold > 0:
        raise ValueError(f"The saturation threshold must be above 0, not {threshold}.")
    return df.abs() < threshold


@lru_cache(256)
def lipschitz(name: str, **parameters: float) -> float:
    """sup |f'|: by how much f can stretch the distance between two inputs; inf where f jumps.

    The steepest place of these functions is a smooth maximum within ±30, a side of a kink at a multiple of 0.01,
    or far out. A chord that is steeper than any tangent spans a jump.
    """
    middle, far = torch.arange(-3000, 3001).double() / 100, torch.logspace(1.5, 4, 100).double()
    z = torch.cat([-far, middle - 1e-9, middle, middle + 1e-9, far])
    at = curve(name, z, **parameters)
    top = z[at.df.abs().argmax()]
    close = curve(name, top + torch.linspace(-0.01, 0.01, 1001, dtype=z.dtype), **parameters)
    tangent = max(here.df.abs().max().item() for here in (at, close))
    chord = at.f[100:-100].view(3, -1)[1].diff().abs().max().item() / 0.01
    return math.inf if chord > 1.001 * tangent + 1e-6 else tangent


def samples(functions: Sequence[str], span: tuple[float, float], **parameters: float) -> dict[str, Tensor]:
    """x, and f, f' and f'' of each function, as columns of a table."""
    x = torch.linspace(*span, 301, dtype=torch.float64)
    table = {"x": x}
    for name in functions:
        at = curve(name, x, **own(name, parameters))
        table |= {name: at.f, f"{name}'": at.df, f"{name}''": at.d2f}
    return table


def _member(name: str) -> Activation:
    if name not in ACTIVATIONS:
        raise ValueError(f"There is no activation {name!r}; choose one of {', '.join(ACTIVATIONS)}.")
    return ACTIVATIONS[name]


def _derivative(y: Tensor, x: Tensor) -> Tensor:
    if not y.requires_grad:  # the graph has ended: y does not depend on x any more
        return torch.zeros_like(x)
    (dy,) = torch.autograd.grad(y.sum(), x, create_graph=True, allow_unused=True)
    return torch.zeros_like(x) if dy is None else dy
