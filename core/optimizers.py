r"""Optimizers: sixteen rules for walking downhill, each equal to torch.optim where torch has it.

A rule reads the gradient g, updates its memory and answers with a direction and a rate, the effective
learning rate of each coordinate. All of them then move in the same way, see core/descent.py: w ← w - rate ⊙ direction.

Momentum: Polyak 1964; Nesterov 1983, in the form of Sutskever et al. 2013; L-BFGS: Liu, Nocedal 1989; Rprop:
Riedmiller, Braun 1993; Adagrad: Duchi et al. 2011; RMSProp: Tieleman, Hinton 2012, centred: Graves 2013;
Adadelta: Zeiler 2012; Adam, Adamax: Kingma, Ba 2015; NAdam: Dozat 2016; AMSGrad: Reddi et al. 2018; AdamW:
Loshchilov, Hutter 2019; RAdam: Liu et al. 2020; Lion: Chen et al. 2023.

The same lines take floats or tensors, because torch takes fifty times as long to add two numbers as the addition takes.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

Real = float | Tensor  # one number, or one for each start
State = tuple[Any, ...]
Answer = tuple[Any, Any, State]  # direction, rate, state


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


def rmsprop(g: Real, lr: Real, t: int, state: State, beta: Real, eps: Real, rho: Real, centered: Real) -> Answer:
    v, mean, m = state
    v = beta * v + (1 - beta) * g * g
    if centered:
        mean = beta * mean + (1 - beta) * g
        scale = root(at_least(v - mean * mean, 0.0)) + eps
    else:
        scale = root(v) + eps
    m = rho * m + g / scale
    return m * scale, lr / scale, (v, mean, m)


def adam(g: Real, lr: Real, t: int, state: State, beta1: Real, beta2: Real, eps: Real, bias_correction: Real) -> Answer:
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
    rows = [[pick(wanted, b, a) for a, b in zip(*both, strict=True)] for both in zip(without, with_new, strict=True)]
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
        torch_call="RMSprop([p], lr={lr}, alpha={beta}, eps={eps}, momentum={rho}, centered={centered}{decay})",
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


def named(id: str) -> Rule:
    """The rule of that id."""
    if id not in RULES:
        raise ValueError(f"There is no rule {id!r}; choose one of {', '.join(RULES)}.")
    return RULES[id]
