r"""Optimizers: sixteen rules for walking downhill, each equal to torch.optim where torch has it.

A rule reads the gradient g, updates its memory and answers with a direction and a rate, the effective
learning rate of each coordinate. All of them then move in the same way:

    w ← (1 - lr λ) w - rate ⊙ direction

λ is decoupled weight decay (0 for most); L2 regularisation adds l2 · w to g instead. Before that g may get
noise N(0, α²) and be clipped to the length θ, as in a training loop: backward, clip, step.

Momentum: Polyak 1964; Nesterov 1983, in the form of Sutskever et al. 2013; L-BFGS: Liu, Nocedal 1989; Rprop:
Riedmiller, Braun 1993; Adagrad: Duchi et al. 2011; RMSProp: Tieleman, Hinton 2012, centred: Graves 2013;
Adadelta: Zeiler 2012; Adam, Adamax: Kingma, Ba 2015; NAdam: Dozat 2016; AMSGrad: Reddi et al. 2018; AdamW:
Loshchilov, Hutter 2019; RAdam: Liu et al. 2020; Lion: Chen et al. 2023.

x and y are walked as two numbers. A few starts are walked in plain Python floats, because torch takes fifty
times as long to add two numbers as the addition takes; many starts are walked as two tensors (starts,) by the
same lines. Then lr and the hyperparameters may be such tensors too: one sweep is one walk.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

Real = float | Tensor  # one number, or one for each start
Pair = tuple[Real, Real]
State = tuple[Any, ...]
Answer = tuple[Any, Any, State]  # direction, rate, state
Gradient = Callable[[Any, Any], Pair]  # (x, y) -> (df/dx, df/dy)
Hessian = Callable[[Any, Any], tuple[Real, Real, Real]]  # (x, y) -> (h_xx, h_xy, h_yy)

FAR = 1e8  # a path that gets here has diverged
FEW = 16  # up to so many starts floats are faster than tensors


@dataclass(frozen=True)
class Knob:
    """A hyperparameter of a rule; a `switch` is on (1) or off (0)."""

    name: str
    symbol: str
    default: float
    low: float
    high: float
    step: float
    log: bool = False
    switch: bool = False


@dataclass(frozen=True)
class Rule:
    """One member of the family.

    step(g, lr, t, state, *hyperparameters) -> (direction, rate, state) is called for x and for y alone;
    a rule of `pairs` is called once, with pairs, because it mixes the coordinates.
    """

    title: str
    formula: str
    step: Callable[..., Answer]
    note: str
    lr: float
    parameters: tuple[Knob, ...] = ()
    memory: tuple[str, ...] = ()  # what `state` holds, as symbols
    decay: float = 0.0  # decoupled weight decay, where it belongs to the rule
    pairs: bool = False
    curved: bool = False  # needs the Hessian
    torch_call: str = ""  # "" where torch has none
    torch_decay: str = ""  # what its weight_decay can mean: "", "l2", "decoupled" or "either"


# --- Functions of a float or of a tensor --------------------------------------------------------------------


def root(z: Real) -> Real:
    return z**0.5


def sign(z: Real) -> Real:
    if isinstance(z, Tensor):
        return torch.where(z.isnan(), z, torch.sign(z))  # torch's own sign(NaN) is 0
    return z if math.isnan(z) else float((z > 0) - (z < 0))


def at_least(a: Real, b: Real) -> Real:
    return torch.clamp(a, min=b) if isinstance(a, Tensor) else max(a, b)


def at_most(a: Real, b: Real) -> Real:
    return torch.clamp(a, max=b) if isinstance(a, Tensor) else min(a, b)


def pick(condition: Any, a: Real, b: Real) -> Real:
    """a where the condition holds, else b."""
    return torch.where(condition, a, b) if isinstance(condition, Tensor) else a if condition else b


# --- The rules ----------------------------------------------------------------------------------------------


def gd(g: Real, lr: Real, t: int, state: State) -> Answer:
    return g, lr, state


def momentum(g: Real, lr: Real, t: int, state: State, rho: Real) -> Answer:
    (m,) = state
    m = rho * m + g
    return m, lr, (m,)


def nesterov(g: Real, lr: Real, t: int, state: State, rho: Real) -> Answer:
    # w is the look-ahead point itself: then g is the gradient there, and no second point is needed
    (m,) = state
    m = rho * m + g
    return g + rho * m, lr, (m,)


def adagrad(g: Real, lr: Real, t: int, state: State, eps: Real) -> Answer:
    (v,) = state
    v = v + g * g
    return g, lr / (root(v) + eps), (v,)


def adadelta(g: Real, lr: Real, t: int, state: State, rho: Real, eps: Real) -> Answer:
    v, u = state  # mean squares of the gradients and of the steps
    v = rho * v + (1 - rho) * g * g
    ratio = root(u + eps) / root(v + eps)
    step = ratio * g
    return g, lr * ratio, (v, rho * u + (1 - rho) * step * step)


def rmsprop(
    g: Real, lr: Real, t: int, state: State, beta: Real, eps: Real, rho: Real, centered: Real
) -> Answer:
    v, mean, m = state
    v = beta * v + (1 - beta) * g * g
    if centered:
        mean = beta * mean + (1 - beta) * g
        scale = root(at_least(v - mean * mean, 0.0)) + eps
    else:
        scale = root(v) + eps
    m = rho * m + g / scale
    return m * scale, lr / scale, (v, mean, m)


def adam(
    g: Real, lr: Real, t: int, state: State, beta1: Real, beta2: Real, eps: Real, bias_correction: Real
) -> Answer:
    m, v, _, _ = state
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    m_hat = m / (1 - beta1**t) if bias_correction else m
    v_root = root(v / (1 - beta2**t)) if bias_correction else root(v)
    return m_hat, lr / (v_root + eps), (m, v, m_hat, v_root)


def amsgrad(
    g: Real, lr: Real, t: int, state: State, beta1: Real, beta2: Real, eps: Real, bias_correction: Real
) -> Answer:
    m, v, v_max, _, _ = state
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    v_max = at_least(v, v_max)
    m_hat = m / (1 - beta1**t) if bias_correction else m
    v_root = root(v_max / (1 - beta2**t)) if bias_correction else root(v_max)
    return m_hat, lr / (v_root + eps), (m, v, v_max, m_hat, v_root)


def nadam(g: Real, lr: Real, t: int, state: State, beta1: Real, beta2: Real, eps: Real, psi: Real) -> Answer:
    m, v, product, _ = state
    now = beta1 * (1 - 0.5 * 0.96 ** (t * psi))
    then = beta1 * (1 - 0.5 * 0.96 ** ((t + 1) * psi))
    product = now if t == 1 else product * now
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    v_root = root(v / (1 - beta2**t))
    ahead = (1 - now) / (1 - product) * g + then / (1 - product * then) * m
    return ahead, lr / (v_root + eps), (m, v, product, v_root)


def radam(g: Real, lr: Real, t: int, state: State, beta1: Real, beta2: Real, eps: Real) -> Answer:
    m, v, _, _ = state
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    m_hat = m / (1 - beta1**t)
    v_root = root(v / (1 - beta2**t))
    # How many gradients v is worth: only above 5 can its root be trusted, before that it is momentum.
    limit = 2 / (1 - beta2) - 1
    rho = limit - 2 * t * beta2**t / (1 - beta2**t)
    trusted = rho > 5
    rho, limit = pick(trusted, rho, 6.0), pick(trusted, limit, 7.0)
    rectified = root((rho - 4) * (rho - 2) * limit / ((limit - 4) * (limit - 2) * rho))
    scale = v_root + eps / root(1 - beta2**t)  # torch adds eps to the uncorrected root
    return m_hat, pick(trusted, lr * rectified / scale, lr), (m, v, m_hat, v_root)


def adamax(
    g: Real, lr: Real, t: int, state: State, beta1: Real, beta2: Real, eps: Real, bias_correction: Real
) -> Answer:
    m, u, _ = state
    m = beta1 * m + (1 - beta1) * g
    size: Any = abs(g)
    u = at_least(size + eps, beta2 * u)
    m_hat = m / (1 - beta1**t) if bias_correction else m
    return m_hat, lr / u, (m, u, m_hat)


def rprop(g: Real, lr: Real, t: int, state: State, eta_minus: Real, eta_plus: Real) -> Answer:
    before, size = state
    if t == 1:
        size = lr + 0.0 * g
    agree = g * before
    size = pick(agree > 0, eta_plus * size, pick(agree < 0, eta_minus * size, size))
    size = at_most(at_least(size, 1e-6), 50.0)
    g = pick(agree < 0, 0.0 * g, g)  # after a change of sign: wait one step
    return sign(g), size, (g, size)


def lion(g: Real, lr: Real, t: int, state: State, beta1: Real, beta2: Real) -> Answer:
    (m,) = state
    return sign(beta1 * m + (1 - beta1) * g), lr, (beta2 * m + (1 - beta2) * g,)


def lbfgs(g: State, lr: Real, t: int, state: State, history: Real) -> Answer:
    gx, gy = g
    if t == 1:
        memory: State = ()
        h0: Real = 1.0
        lr = lr * at_most(1 / at_least(abs(gx) + abs(gy), 1e-300), 1.0)  # the first step is at most lr long
    else:
        memory, h0, (gx_before, gy_before), (sx, sy) = state
        yx, yy = gx - gx_before, gy - gy_before
        ys, y_square = yx * sx + yy * sy, yx * yx + yy * yy
        curved = ys > 1e-10  # else the step has learnt nothing that keeps the inverse Hessian positive
        memory = _remember(memory, curved, (sx, sy, yx, yy, 1 / pick(curved, ys, 1.0)), int(history))
        h0 = pick(curved, ys / pick(curved, y_square, 1.0), h0)
    weights: list[Any] = []
    qx, qy = -gx, -gy
    for sx, sy, yx, yy, rho in reversed(memory):
        a = rho * (sx * qx + sy * qy)
        qx, qy = qx - a * yx, qy - a * yy
        weights.append(a)
    qx, qy = h0 * qx, h0 * qy
    for sx, sy, yx, yy, rho in memory:
        a = weights.pop() - rho * (yx * qx + yy * qy)
        qx, qy = qx + a * sx, qy + a * sy
    arrived = (abs(gx) <= 1e-7) & (abs(gy) <= 1e-7) | (gx * qx + gy * qy > -1e-9)
    direction = pick(arrived, 0.0, -qx), pick(arrived, 0.0, -qy)
    return direction, (lr, lr), (memory, h0, (gx, gy), (lr * qx, lr * qy))


def _remember(memory: State, wanted: Any, new: State, most: int) -> State:
    """The last `most` pairs (s, y); for tensors row by row, where a pair with ρ = 0 does nothing."""
    if not isinstance(wanted, Tensor):
        return (*memory, new)[-most:] if wanted else memory
    without, with_new = ((0.0,) * 5, *memory), (*memory, new)
    rows = [
        [pick(wanted, b, a) for a, b in zip(*both, strict=True)]
        for both in zip(without, with_new, strict=True)
    ]
    return tuple(rows[-most:])


def newton(g: State, lr: Real, t: int, state: State, damping: Real) -> Answer:
    gx, gy, a, b, c = g
    a, c = a + damping, c + damping
    determinant = a * c - b * b
    regular = abs(determinant) > 1e-14 * (a * a + 2 * b * b + c * c)  # else follow the gradient
    d = pick(regular, determinant, 1.0)
    direction = pick(regular, (c * gx - b * gy) / d, gx), pick(regular, (a * gy - b * gx) / d, gy)
    return direction, (lr, lr), state


def _beta(name: str, symbol: str, default: float) -> Knob:
    return Knob(name, symbol, default, 0.0, 0.9999, 0.001)


def _eps(default: float) -> Knob:
    return Knob("eps", r"\varepsilon", default, 1e-12, 1.0, 1e-12, log=True)


_RHO = _beta("rho", r"\rho", 0.9)
_ADAM = (_beta("beta1", r"\beta_1", 0.9), _beta("beta2", r"\beta_2", 0.999), _eps(1e-8))
_CORRECTION = Knob("bias_correction", r"\hat m, \hat v", 1.0, 0.0, 1.0, 1.0, switch=True)
_MOMENTS = r"m \leftarrow \beta_1 m + (1 - \beta_1) g,\ v \leftarrow \beta_2 v + (1 - \beta_2) g^2,\ "
_ADAM_MEMORY = ("m", "v", r"\hat m", r"\sqrt{\hat v}")

RULES: dict[str, Rule] = {
    "gd": Rule(
        "Gradient descent",
        r"w \leftarrow w - \eta g",
        gd,
        "Straight down the slope: simple, but one rate for all directions zigzags in a ravine.",
        0.05,
        torch_call="SGD([p], lr={lr}{decay})",
        torch_decay="l2",
    ),
    "momentum": Rule(
        "Momentum",
        r"m \leftarrow \rho m + g,\quad w \leftarrow w - \eta m",
        momentum,
        "A heavy ball: gathers speed along a ravine and cancels the zigzag; overshoots the minimum.",
        0.02,
        (_RHO,),
        ("m",),
        torch_call="SGD([p], lr={lr}, momentum={rho}{decay})",
        torch_decay="l2",
    ),
    "nesterov": Rule(
        "Nesterov",
        r"m \leftarrow \rho m + \nabla L(w - \eta \rho m),\quad w \leftarrow w - \eta m",
        nesterov,
        "Momentum that looks where it is about to land, and so brakes in time; noise makes it nervous.",
        0.02,
        (_RHO,),
        ("m",),
        torch_call="SGD([p], lr={lr}, momentum={rho}, nesterov={nesterov}{decay})",
        torch_decay="l2",
    ),
    "adagrad": Rule(
        "Adagrad",
        r"v \leftarrow v + g^2,\quad w \leftarrow w - \frac{\eta g}{\sqrt v + \varepsilon}",
        adagrad,
        "A rate for each weight, good for rare features; it only shrinks, so long walks stop too early.",
        0.5,
        (_eps(1e-10),),
        ("v",),
        torch_call="Adagrad([p], lr={lr}, eps={eps}{decay})",
        torch_decay="l2",
    ),
    "adadelta": Rule(
        "Adadelta",
        r"v \leftarrow \rho v + (1 - \rho) g^2,\quad w \leftarrow w - \eta \frac{\sqrt{u + \varepsilon}}"
        r"{\sqrt{v + \varepsilon}}\, g",
        adadelta,
        "Finds its own units, almost no rate to choose; starts very slowly, because u starts at 0.",
        1.0,
        (_RHO, _eps(1e-6)),
        ("v", "u"),
        torch_call="Adadelta([p], lr={lr}, rho={rho}, eps={eps}{decay})",
        torch_decay="l2",
    ),
    "rmsprop": Rule(
        "RMSProp",
        r"v \leftarrow \beta v + (1 - \beta) g^2,\quad w \leftarrow w - \frac{\eta g}{\sqrt v + \varepsilon}",
        rmsprop,
        "Adagrad that forgets: keeps its pace; near the minimum it dances around with steps of about η.",
        0.02,
        (
            _beta("beta", r"\beta", 0.99),
            _eps(1e-8),
            _beta("rho", r"\rho", 0.0),
            Knob("centered", r"v - \bar g^2", 0.0, 0.0, 1.0, 1.0, switch=True),
        ),
        ("v", r"\bar g", "m"),
        torch_call="RMSprop([p], lr={lr}, alpha={beta}, eps={eps}, momentum={rho}, "
        "centered={centered}{decay})",
        torch_decay="l2",
    ),
    "adam": Rule(
        "Adam",
        _MOMENTS + r"w \leftarrow w - \eta \frac{\hat m}{\sqrt{\hat v} + \varepsilon}",
        adam,
        "Momentum with a rate for each weight: the first thing to try; L2 decay does not act as meant.",
        0.1,
        (*_ADAM, _CORRECTION),
        _ADAM_MEMORY,
        torch_call="Adam([p], lr={lr}, betas=({beta1}, {beta2}), eps={eps}{decay})",
        torch_decay="either",
    ),
    "adamw": Rule(
        "AdamW",
        _MOMENTS + r"w \leftarrow (1 - \eta\lambda) w - \eta \frac{\hat m}{\sqrt{\hat v} + \varepsilon}",
        adam,
        "Adam that shrinks the weights themselves and not through the gradient: the habit of transformers.",
        0.1,
        (*_ADAM, _CORRECTION),
        _ADAM_MEMORY,
        decay=0.01,
        torch_call="AdamW([p], lr={lr}, betas=({beta1}, {beta2}), eps={eps}{decay})",
        torch_decay="decoupled",
    ),
    "amsgrad": Rule(
        "AMSGrad",
        _MOMENTS + r"w \leftarrow w - \eta \frac{\hat m}{\sqrt{\max_t \hat v} + \varepsilon}",
        amsgrad,
        "Adam that never forgets its largest gradient: provably converges, but stays slow after a cliff.",
        0.1,
        (*_ADAM, _CORRECTION),
        ("m", "v", r"v_{\max}", r"\hat m", r"\sqrt{\hat v}"),
        torch_call="Adam([p], lr={lr}, betas=({beta1}, {beta2}), eps={eps}, amsgrad=True{decay})",
        torch_decay="either",
    ),
    "nadam": Rule(
        "NAdam",
        r"w \leftarrow w - \frac{\eta}{\sqrt{\hat v} + \varepsilon}\left(\frac{1 - \mu_t}{1 - \prod\mu} g"
        r" + \frac{\mu_{t+1}}{1 - \prod\mu\,\mu_{t+1}} m\right)",
        nadam,
        "Adam with Nesterov's look ahead: often a little faster, and one more schedule inside.",
        0.1,
        (*_ADAM, Knob("psi", r"\psi", 0.004, 0.0, 0.1, 0.001)),
        ("m", "v", r"\prod\mu", r"\sqrt{\hat v}"),
        torch_call="NAdam([p], lr={lr}, betas=({beta1}, {beta2}), eps={eps}, momentum_decay={psi}{decay})",
        torch_decay="either",
    ),
    "radam": Rule(
        "RAdam",
        r"w \leftarrow w - \eta\, r_t \frac{\hat m}{\sqrt{\hat v} + \varepsilon}"
        r"\ \text{ once } \rho_t > 5,\ \text{ before: } w - \eta \hat m",
        radam,
        "Adam with a warm-up built in; its first steps are plain momentum and can be far too long.",
        0.05,
        _ADAM,
        _ADAM_MEMORY,
        torch_call="RAdam([p], lr={lr}, betas=({beta1}, {beta2}), eps={eps}{decay})",
        torch_decay="either",
    ),
    "adamax": Rule(
        "Adamax",
        r"u \leftarrow \max(\beta_2 u, |g| + \varepsilon),\quad w \leftarrow w - \eta \frac{\hat m}{u}",
        adamax,
        "Adam with the largest gradient in place of the root mean square: calm, slow after one outlier.",
        0.1,
        (*_ADAM, _CORRECTION),
        ("m", "u", r"\hat m"),
        torch_call="Adamax([p], lr={lr}, betas=({beta1}, {beta2}), eps={eps}{decay})",
        torch_decay="l2",
    ),
    "rprop": Rule(
        "Rprop",
        r"\Delta \leftarrow \eta_\pm \Delta,\quad w \leftarrow w - \Delta \operatorname{sign} g",
        rprop,
        "Looks only at signs: fast on whole data sets, useless on mini-batches, whose signs flip by chance.",
        0.1,
        (
            Knob("eta_minus", r"\eta_-", 0.5, 0.05, 0.95, 0.05),
            Knob("eta_plus", r"\eta_+", 1.2, 1.05, 2.0, 0.05),
        ),
        ("g", r"\Delta"),
        torch_call="Rprop([p], lr={lr}, etas=({eta_minus}, {eta_plus}))",
    ),
    "lion": Rule(
        "Lion",
        r"w \leftarrow w - \eta \operatorname{sign}(\beta_1 m + (1 - \beta_1) g),"
        r"\quad m \leftarrow \beta_2 m + (1 - \beta_2) g",
        lion,
        "The sign of a momentum, half of Adam's memory; every step is η long: it needs a schedule to settle.",
        0.02,
        (_beta("beta1", r"\beta_1", 0.9), _beta("beta2", r"\beta_2", 0.99)),
        ("m",),
    ),
    "lbfgs": Rule(
        "L-BFGS",
        r"w \leftarrow w - \eta H_k g,\quad H_k \approx (\nabla^2 L)^{-1} \text{ from } k \text{ steps}",
        lbfgs,
        "Learns the curvature from its own steps: superb on smooth full-batch problems, lost in noise.",
        0.5,
        (Knob("history", "k", 10.0, 1.0, 100.0, 1.0),),
        pairs=True,
        torch_call="LBFGS([p], lr={lr}, max_iter=1, history_size={history})",
    ),
    "newton": Rule(
        "Newton",
        r"w \leftarrow w - \eta\, (\nabla^2 L + \delta I)^{-1} g",
        newton,
        "One step on any quadratic bowl, but it walks to saddles and maxima as gladly as to minima.",
        1.0,
        (Knob("damping", r"\delta", 0.0, 0.0, 10.0, 0.01),),
        pairs=True,
        curved=True,
    ),
}


# --- Walking ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Run:
    """A rule and its numbers; lr and hyper may hold tensors (starts,), one number for each start."""

    rule: str
    lr: Real | None = None  # None: the rule's own
    hyper: Mapping[str, Real] = field(default_factory=dict)  # those missing take their defaults
    l2: float = 0.0  # adds l2 · w to the gradient
    decay: float | None = None  # decoupled weight decay; None: the rule's own
    clip: float = 0.0  # gradients longer than this are shortened to it; 0: off
    noise: float = 0.0  # standard deviation of the noise on each coordinate of the gradient
    seed: int = 0
    schedule: Sequence[float] = ()  # lr of step t is lr · schedule[t]; empty: constant


@dataclass(frozen=True)
class Inside:
    """What happened inside each step; (steps, starts, 2), 0 from the step that diverged on."""

    gradient: Tensor  # with noise, clipping and L2
    direction: Tensor
    rate: Tensor  # the effective learning rate of each coordinate
    update: Tensor  # -rate · direction
    memory: dict[str, Tensor]  # by symbol, after the step


@dataclass(frozen=True)
class Path:
    """Where the starts went. A diverged one stays where it was last seen within FAR."""

    points: Tensor  # (steps + 1, starts, 2)
    diverged_at: Tensor  # (starts,) the step that left FAR or was not a number; -1: none
    inside: Inside | None = None


def descend(
    grad: Gradient | Sequence[Gradient],
    start: Tensor | Sequence[float],
    rule: str,
    steps: int,
    lr: Real | None = None,
    *,
    hessian: Hessian | None = None,
    inside: bool = False,
    l2: float = 0.0,
    decay: float | None = None,
    clip: float = 0.0,
    noise: float = 0.0,
    seed: int = 0,
    schedule: Sequence[float] = (),
    **hyper: Real,
) -> Path:
    """Walk `steps` steps from `start`, (2,) or (starts, 2); one gradient for all steps, or one for each."""
    run = Run(rule, lr, hyper, l2, decay, clip, noise, seed, schedule)
    return race(grad, start, {rule: run}, steps, hessian=hessian, inside=inside)[rule]


def race(
    grad: Gradient | Sequence[Gradient],
    start: Tensor | Sequence[float],
    runs: Mapping[str, Run],
    steps: int,
    *,
    hessian: Hessian | None = None,
    inside: bool = False,
    together: bool = False,
) -> dict[str, Path]:
    """Several runs from the same starts; with `together` each step calls `grad` once for all of them.

    That pays where a gradient is dear, as autograd of a typed formula is; closed forms are faster one by one.
    """
    points, grads = _starts(start), _gradients(grad, steps)
    few = len(points) <= FEW and points.device.type == "cpu" and points.dtype == torch.float64
    walkers: dict[str, list[_Walker]] = {}
    for name, wanted in runs.items():
        run = _check(wanted, steps, len(points), hessian)
        noise = _noise(run, points, steps)
        if few and not any(isinstance(n, Tensor) for n in (run.lr, *run.hyper.values())):
            rows = [n.tolist() for n in noise]  # [step][start]
            walkers[name] = [
                _Walker(run, x, y, hessian, iter([row[i] for row in rows]), inside)
                for i, (x, y) in enumerate(points.tolist())
            ]
        else:
            columns = (n.unbind(-1) for n in noise)
            walkers[name] = [_Walker(run, points[:, 0], points[:, 1], hessian, columns, inside)]
    singles = [w for group in walkers.values() for w in group if w.single]
    crowds = [w for group in walkers.values() for w in group if not w.single]
    with torch.no_grad():
        _walk(singles, grads, together)
        _walk(crowds, grads, together=False)
    return {name: _path(group, steps, points) for name, group in walkers.items()}


def arrive(
    grad: Gradient | Sequence[Gradient], start: Tensor, run: Run, steps: int, hessian: Hessian | None = None
) -> tuple[Tensor, Tensor]:
    """Only the ends (starts, 2) and diverged_at (starts,): for so many starts that their paths do not fit."""
    points = _starts(start)
    run = _check(run, steps, len(points), hessian)
    columns = (n.unbind(-1) for n in _noise(run, points, steps))
    walker = _Walker(run, points[:, 0], points[:, 1], hessian, columns)
    with torch.no_grad():
        for step_grad in _gradients(grad, steps):
            walker.step(*step_grad(walker.x, walker.y))
    return torch.stack([walker.x, walker.y], -1), walker.diverged_at


def walker(
    grad: Gradient, rule: str, steps: int, lr: Real | None = None, varied: Sequence[str] = (), *,
    hessian: Hessian | None = None, **more: Any,
) -> Callable[..., tuple[Tensor, Tensor]]:  # fmt: skip
    """walk(starts, *values) -> (ends, diverged_at), with `varied` (lr or hyperparameters) one value for each start."""
    rates = {
        name: more.pop(name) for name in ("l2", "decay", "clip", "noise", "seed", "schedule") if name in more
    }

    def walk(starts: Tensor, *values: Tensor) -> tuple[Tensor, Tensor]:
        given = dict(zip(varied, values, strict=True))
        run = Run(rule, given.pop("lr", lr), {**more, **given}, **rates)
        return arrive(grad, starts, run, steps, hessian)

    return walk


def anatomy(path: Path, t: int) -> dict[str, tuple[float, float]]:
    """What happened inside step t (from 1) of the first start, x and y of each quantity, in the order of the rule."""
    inside, steps = path.inside, len(path.points) - 1
    if inside is None or not 1 <= t <= steps:
        raise ValueError(f"A step from 1 to {steps} of a walk with inside=True is wanted, not {t}.")
    parts = {"w": path.points[t - 1], "g": inside.gradient[t - 1]}
    parts |= {symbol: values[t - 1] for symbol, values in inside.memory.items()}
    parts |= {
        "direction": inside.direction[t - 1],
        "rate": inside.rate[t - 1],
        "update": inside.update[t - 1],
    }
    parts["w next"] = path.points[t]
    return {name: (values[0, 0].item(), values[0, 1].item()) for name, values in parts.items()}


class _Walker:
    """One run on its way: floats for one start, tensors (starts,) for many."""

    def __init__(
        self, run: Run, x: Any, y: Any, hessian: Hessian | None, noise: Iterator[Any], inside: bool = False
    ) -> None:
        self.run, self.x, self.y, self.hessian, self.noise = run, x, y, hessian, noise
        self.rule, self.hyper, self.t = RULES[run.rule], tuple(run.hyper.values()), 0
        self.state_x: State = (0.0,) * len(self.rule.memory)
        self.state_y = self.state_x
        self.single = not isinstance(x, Tensor)
        self.diverged_at: Any = -1 if self.single else torch.full_like(x, -1, dtype=torch.long)
        self.complete = True  # none of many has diverged yet
        self.trail: list[Any] = [(x, y)]
        self.log: list[State] | None = [] if inside else None

    def step(self, gx: Any, gy: Any) -> None:
        """From the gradient at this point to the next point."""
        run, rule, x, y = self.run, self.rule, self.x, self.y
        self.t += 1
        lr: Any = run.lr
        if run.schedule:
            lr = lr * run.schedule[self.t - 1]
        if run.noise:
            noise_x, noise_y = next(self.noise)
            gx, gy = gx + noise_x, gy + noise_y
        if run.clip:
            # the 1e-6 as in torch.nn.utils.clip_grad_norm_
            shorten = at_most(run.clip / (root(gx * gx + gy * gy) + 1e-6), 1.0)
            gx, gy = shorten * gx, shorten * gy
        if run.l2:
            gx, gy = gx + run.l2 * x, gy + run.l2 * y
        if rule.pairs:
            g = (gx, gy, *self._curvature()) if rule.curved else (gx, gy)
            (dx, dy), (rate_x, rate_y), self.state_x = rule.step(g, lr, self.t, self.state_x, *self.hyper)
        else:
            dx, rate_x, self.state_x = rule.step(gx, lr, self.t, self.state_x, *self.hyper)
            dy, rate_y, self.state_y = rule.step(gy, lr, self.t, self.state_y, *self.hyper)
        if self.log is not None:
            memory = [] if rule.pairs else zip(self.state_x, self.state_y, strict=True)
            self.log.append((gx, gy, dx, dy, rate_x, rate_y, *(n for pair in memory for n in pair)))
        if run.decay:
            x, y = (1 - lr * run.decay) * x, (1 - lr * run.decay) * y
        self._move(x - rate_x * dx, y - rate_y * dy)

    def _curvature(self) -> tuple[Any, Any, Any]:
        assert self.hessian is not None  # _check has seen to it
        hxx, hxy, hyy = self.hessian(self.x, self.y)
        return hxx + self.run.l2, hxy, hyy + self.run.l2

    def _move(self, x: Any, y: Any) -> None:
        if self.single:
            if -FAR < x < FAR and -FAR < y < FAR:  # false for NaN
                self.x, self.y = x, y
            else:
                self.diverged_at = self.t
            return
        here = (x.abs() < FAR) & (y.abs() < FAR)
        if self.complete and bool(here.all()):  # the usual case, and the faster one
            self.x, self.y = x, y
            return
        self.complete = False
        self.diverged_at = torch.where(~here & (self.diverged_at < 0), self.t, self.diverged_at)
        going = self.diverged_at < 0
        self.x, self.y = torch.where(going, x, self.x), torch.where(going, y, self.y)


def _walk(walkers: list[_Walker], grads: Sequence[Gradient], together: bool) -> None:
    for grad in grads:
        going = [w for w in walkers if not w.single or w.diverged_at < 0]
        if together and going:
            x, y = torch.tensor([(w.x, w.y) for w in going], dtype=torch.float64).T
            slopes = torch.stack([torch.as_tensor(g) for g in grad(x, y)], -1).tolist()
            for w, slope in zip(going, slopes, strict=True):
                w.step(*slope)
        else:
            for w in going:
                w.step(*grad(w.x, w.y))
        for w in going:
            w.trail.append((w.x, w.y))


def _path(walkers: list[_Walker], steps: int, points: Tensor) -> Path:
    """Of several walkers in floats, or of one in tensors."""
    first = walkers[0]
    if not first.single:
        trail = torch.stack([torch.stack(xy, -1) for xy in first.trail])
        diverged_at = first.diverged_at
    else:
        trails = [w.trail + [w.trail[-1]] * (steps + 1 - len(w.trail)) for w in walkers]
        trail = torch.tensor(trails, dtype=torch.float64).transpose(0, 1).contiguous()
        diverged_at = torch.tensor([w.diverged_at for w in walkers])
    return Path(
        trail, diverged_at, None if first.log is None else _inside(walkers, steps, points, diverged_at)
    )


def _inside(walkers: list[_Walker], steps: int, points: Tensor, diverged_at: Tensor) -> Inside:
    first = walkers[0]
    width = 6 + (0 if first.rule.pairs else 2 * len(first.rule.memory))
    values = points.new_zeros(steps, len(points), width)
    for i, w in enumerate(walkers):
        log = w.log or []
        if w.single:
            values[: len(log), i] = torch.tensor(log, dtype=points.dtype).reshape(-1, width)
        else:
            for t, row in enumerate(log):
                for j, number in enumerate(row):
                    values[t, :, j] = number
    gone = (diverged_at >= 0) & (torch.arange(1, steps + 1, device=points.device)[:, None] >= diverged_at)
    values = values.masked_fill(gone[..., None], 0.0).reshape(*gone.shape, width // 2, 2)
    gradient, direction, rate, *memory = values.unbind(-2)
    named = dict(zip(first.rule.memory, memory, strict=False))
    return Inside(gradient, direction, rate, -rate * direction, named)


# --- What is allowed ----------------------------------------------------------------------------------------


def _starts(start: Tensor | Sequence[float]) -> Tensor:
    points = start if isinstance(start, Tensor) else torch.tensor(start, dtype=torch.float64)
    points = points[None] if points.ndim == 1 else points
    if points.ndim != 2 or points.shape[-1] != 2 or not points.is_floating_point():
        raise ValueError(f"A start is (x, y), several are of shape (starts, 2), not {tuple(points.shape)}.")
    if not bool((points.abs() < FAR).all()):
        raise ValueError(f"A start must be finite and nearer to 0 than {FAR:g}.")
    return points


def _gradients(grad: Gradient | Sequence[Gradient], steps: int) -> Sequence[Gradient]:
    if steps < 0:
        raise ValueError(f"The number of steps must be 0 or more, not {steps}.")
    if not isinstance(grad, Sequence):
        return [grad] * steps
    if len(grad) < steps:
        raise ValueError(f"{steps} steps need {steps} gradients, not {len(grad)}.")
    return grad[:steps]


def _check(run: Run, steps: int, starts: int, hessian: Hessian | None) -> Run:
    """The run with all its numbers filled in and found good."""
    if run.rule not in RULES:
        raise ValueError(f"There is no rule {run.rule!r}; choose one of {', '.join(RULES)}.")
    rule = RULES[run.rule]
    own = {p.name: p for p in rule.parameters}
    for name in run.hyper:
        if name not in own:
            allowed = "only " + ", ".join(own) if own else "no parameter but lr"
            raise ValueError(f"{rule.title} takes {allowed}, not {name!r}.")
    if rule.curved and hessian is None:
        raise ValueError(f"{rule.title} needs the Hessian of the surface, and none was given.")
    if 0 < len(run.schedule) < steps:
        raise ValueError(f"The schedule needs a factor for each of {steps} steps, not {len(run.schedule)}.")
    decay = rule.decay if run.decay is None else run.decay
    for name in ("l2", "clip", "noise"):
        _number(name, getattr(run, name), 0.0, math.inf, starts)
    for factor in (decay, *run.schedule):
        _number(
            "weight decay" if factor is decay else "a factor of the schedule", factor, 0.0, math.inf, starts
        )
    lr = _number("lr", rule.lr if run.lr is None else run.lr, 0.0, math.inf, starts)
    for n, p in own.items():
        if (p.switch or p.step == 1) and isinstance(run.hyper.get(n), Tensor):
            raise ValueError(f"{n} of {rule.title} must be one number for all starts.")
    hyper = {n: _number(n, run.hyper.get(n, p.default), p.low, p.high, starts) for n, p in own.items()}
    return replace(run, lr=lr, hyper=hyper, decay=decay)


def _number(name: str, value: Real, low: float, high: float, starts: int) -> Real:
    """A float, or a tensor (starts,); ValueError where it is not within [low, high]."""
    if isinstance(value, Tensor):
        value = value.reshape(-1)
        if len(value) not in (1, starts):
            raise ValueError(
                f"{name} must be one number, or one for each of {starts} starts, not {len(value)}."
            )
        ends = value.min().item(), value.max().item()
    else:
        ends = (value := float(value)), value
    wrong = [v for v in ends if not (low <= v <= high and math.isfinite(v))]
    if wrong:
        allowed = f"finite and {low:g} or above" if high == math.inf else f"between {low:g} and {high:g}"
        raise ValueError(f"{name} must be {allowed}, not {wrong[0]:g}.")
    return value


def _noise(run: Run, points: Tensor, steps: int) -> Iterator[Tensor]:
    """(starts, 2) for each step: the same numbers whether the starts walk as floats or as tensors."""
    if run.noise:
        generator = torch.Generator(points.device).manual_seed(run.seed)
        for _ in range(steps):
            draw = torch.randn(points.shape, generator=generator, dtype=points.dtype, device=points.device)
            yield run.noise * draw


# --- The same in torch --------------------------------------------------------------------------------------


def torch_optim_call(rule: str, hyperparameters: Mapping[str, float] | None = None) -> str | None:
    """The same rule as torch.optim's constructor for the parameters [p]; None where torch has none.

    `hyperparameters` are those of the rule, and lr, l2 and decay; missing ones take the rule's defaults.
    """
    given = dict(hyperparameters or {})
    l2, lr, decay = given.pop("l2", 0.0), given.pop("lr", None), given.pop("decay", None)
    run = _check(Run(rule, lr, given, l2=l2, decay=decay), 0, 1, lambda x, y: (1.0, 0.0, 1.0))
    decay, call, means = run.decay, RULES[rule].torch_call, RULES[rule].torch_decay
    if not call or not run.hyper.get("bias_correction", True) or (l2 and decay):
        return None
    if (l2 and means not in ("l2", "either")) or (decay and means not in ("decoupled", "either")):
        return None
    if means == "decoupled":
        weight_decay = f", weight_decay={decay!r}"
    else:
        weight_decay = f", weight_decay={l2 or decay!r}" * bool(l2 or decay)
        weight_decay += ", decoupled_weight_decay=True" * bool(decay)
    values = {p.name: _written(run.hyper[p.name], p) for p in RULES[rule].parameters}
    looks_ahead = bool(run.hyper.get("rho"))  # torch refuses nesterov=True without momentum
    return "torch.optim." + call.format(lr=run.lr, decay=weight_decay, nesterov=looks_ahead, **values)


def _written(value: Real, parameter: Knob) -> str:
    return str(bool(value)) if parameter.switch else str(int(value)) if parameter.step == 1 else repr(value)
