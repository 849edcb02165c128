r"""Loss surfaces of two weights: small landscapes on which one can watch an optimizer walk.

A surface is f(x, y) with its exact gradient, written by hand so that a step of gradient descent costs almost
nothing. What follows from the two of them, the Hessian above all, is worked out in core/fields.py.

The classical ones: Rosenbrock 1960; Beale 1958; Himmelblau 1972; Rastrigin 1974; Ackley 1987; Styblinski,
Tang 1990; collected in Jamil, Yang, "A literature survey of benchmark functions for global optimisation
problems", 2013.

Every f and gradient takes tensors of any shape, or plain Python numbers: on one point they are fifty times
faster. Products stand where powers could: Python's float power raises an error on overflow, a product is inf.
"""

import cmath
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

Real = float | Tensor
Point = tuple[float, float]
Function = Callable[..., Real]  # f(x, y)
Gradient = Callable[..., tuple[Real, Real]]  # (df/dx, df/dy)


@dataclass(frozen=True)
class Parameter:
    """A number that shapes a surface; `name` is unique over the whole family."""

    name: str
    symbol: str
    default: float
    low: float
    high: float
    step: float
    log: bool = False


@dataclass(frozen=True)
class Surface:
    """One member of the family: f and its gradient with **parameters, and where to look."""

    title: str
    formula: str
    f: Function
    gradient: Gradient
    note: str
    view: tuple[float, float, float, float]  # xmin, xmax, ymin, ymax
    start: Point
    minima: tuple[Point, ...] = ()  # the lowest; empty where f has none
    local_minima: tuple[Point, ...] = ()  # the others
    log_levels: bool = False
    parameters: tuple[Parameter, ...] = ()


# --- Functions of a number or of a tensor -------------------------------------------------------------------


def cos(z: Real) -> Real:
    return torch.cos(z) if isinstance(z, Tensor) else _plain(z).cos(z)


def sin(z: Real) -> Real:
    return torch.sin(z) if isinstance(z, Tensor) else _plain(z).sin(z)


def exp(z: Real) -> Real:
    return torch.exp(z) if isinstance(z, Tensor) else _plain(z).exp(z)


def tanh(z: Real) -> Real:
    return torch.tanh(z) if isinstance(z, Tensor) else _plain(z).tanh(z)


def sqrt(z: Real) -> Real:
    return torch.sqrt(z) if isinstance(z, Tensor) else _plain(z).sqrt(z)


def smaller(p: Real, q: Real, if_p: Real, if_q: Real) -> Real:
    """if_p where p < q, else if_q; of complex numbers the real parts count."""
    if isinstance(p, Tensor):
        return torch.where(p < q, if_p, if_q)
    return if_p if p.real < q.real else if_q


def _plain(z: float) -> Any:
    return cmath if isinstance(z, complex) else math


# --- The surfaces: each f with its gradient -----------------------------------------------------------------


def bowl(x: Real, y: Real) -> Real:
    return 0.5 * (x * x + y * y)


def bowl_gradient(x: Real, y: Real) -> tuple[Real, Real]:
    return x, y


def ravine(x: Real, y: Real, kappa: float = 20.0, rotation: float = 0.0) -> Real:
    c, s = math.cos(math.radians(rotation)), math.sin(math.radians(rotation))
    u, v = c * x + s * y, c * y - s * x  # along the ravine, across it
    return 0.5 * (u * u + kappa * v * v)


def ravine_gradient(x: Real, y: Real, kappa: float = 20.0, rotation: float = 0.0) -> tuple[Real, Real]:
    c, s = math.cos(math.radians(rotation)), math.sin(math.radians(rotation))
    u, kv = c * x + s * y, kappa * (c * y - s * x)
    return c * u - s * kv, s * u + c * kv


def saddle(x: Real, y: Real) -> Real:
    return 0.5 * (x * x - y * y)


def saddle_gradient(x: Real, y: Real) -> tuple[Real, Real]:
    return x, -y


def monkey_saddle(x: Real, y: Real) -> Real:
    return x * (x * x - 3 * y * y)


def monkey_saddle_gradient(x: Real, y: Real) -> tuple[Real, Real]:
    return 3 * (x * x - y * y), -6 * x * y


def rosenbrock(x: Real, y: Real, b: float = 100.0) -> Real:
    d = y - x * x
    return (1 - x) * (1 - x) + b * d * d


def rosenbrock_gradient(x: Real, y: Real, b: float = 100.0) -> tuple[Real, Real]:
    bd = 2 * b * (y - x * x)
    return 2 * (x - 1) - 2 * x * bd, bd


def beale(x: Real, y: Real) -> Real:
    p, q, r = 1.5 - x * (1 - y), 2.25 - x * (1 - y * y), 2.625 - x * (1 - y * y * y)
    return p * p + q * q + r * r


def beale_gradient(x: Real, y: Real) -> tuple[Real, Real]:
    y2, y3 = y * y, y * y * y
    p, q, r = 1.5 - x * (1 - y), 2.25 - x * (1 - y2), 2.625 - x * (1 - y3)
    return 2 * (p * (y - 1) + q * (y2 - 1) + r * (y3 - 1)), 2 * x * (p + 2 * y * q + 3 * y2 * r)


def himmelblau(x: Real, y: Real) -> Real:
    p, q = x * x + y - 11, x + y * y - 7
    return p * p + q * q


def himmelblau_gradient(x: Real, y: Real) -> tuple[Real, Real]:
    p, q = x * x + y - 11, x + y * y - 7
    return 4 * x * p + 2 * q, 2 * p + 4 * y * q


def booth(x: Real, y: Real) -> Real:
    p, q = x + 2 * y - 7, 2 * x + y - 5
    return p * p + q * q


def booth_gradient(x: Real, y: Real) -> tuple[Real, Real]:
    return 10 * x + 8 * y - 34, 8 * x + 10 * y - 38


def matyas(x: Real, y: Real) -> Real:
    return 0.26 * (x * x + y * y) - 0.48 * x * y


def matyas_gradient(x: Real, y: Real) -> tuple[Real, Real]:
    return 0.52 * x - 0.48 * y, 0.52 * y - 0.48 * x


def three_hump_camel(x: Real, y: Real) -> Real:
    s = x * x
    return s * (2 - s * (1.05 - s / 6)) + x * y + y * y


def three_hump_camel_gradient(x: Real, y: Real) -> tuple[Real, Real]:
    s = x * x
    return x * (4 - s * (4.2 - s)) + y, x + 2 * y


def styblinski_tang(x: Real, y: Real) -> Real:
    s, t = x * x, y * y
    return 0.5 * (s * (s - 16) + 5 * x + t * (t - 16) + 5 * y)


def styblinski_tang_gradient(x: Real, y: Real) -> tuple[Real, Real]:
    return 2 * x * (x * x - 8) + 2.5, 2 * y * (y * y - 8) + 2.5


def rastrigin(x: Real, y: Real) -> Real:
    return 20 + x * x - 10 * cos(2 * math.pi * x) + y * y - 10 * cos(2 * math.pi * y)


def rastrigin_gradient(x: Real, y: Real) -> tuple[Real, Real]:
    w = 2 * math.pi
    return 2 * x + 10 * w * sin(w * x), 2 * y + 10 * w * sin(w * y)


def ackley(x: Real, y: Real) -> Real:
    r = sqrt(0.5 * (x * x + y * y))
    waves = 0.5 * (cos(2 * math.pi * x) + cos(2 * math.pi * y))
    return 20 - 20 * exp(-0.2 * r) + math.e - exp(waves)


def ackley_gradient(x: Real, y: Real) -> tuple[Real, Real]:
    w = 2 * math.pi
    r = sqrt(0.5 * (x * x + y * y)) + 1e-300  # the tip of the cone has no gradient: this makes it 0
    funnel = 2 * exp(-0.2 * r) / r
    waves = math.pi * exp(0.5 * (cos(w * x) + cos(w * y)))
    return funnel * x + waves * sin(w * x), funnel * y + waves * sin(w * y)


def cliff(x: Real, y: Real, steepness: float = 50.0) -> Real:
    well = exp(-((x + 1.5) * (x + 1.5) + y * y) / 4.5)
    return 1 + tanh(0.5 * steepness * (x - 1)) - well


def cliff_gradient(x: Real, y: Real, steepness: float = 50.0) -> tuple[Real, Real]:
    pull = exp(-((x + 1.5) * (x + 1.5) + y * y) / 4.5) / 2.25
    wall = tanh(0.5 * steepness * (x - 1))
    return 0.5 * steepness * (1 - wall * wall) + pull * (x + 1.5), pull * y


def sharp_flat(x: Real, y: Real, sharpness: float = 30.0) -> Real:
    flat = 0.5 * ((x + 1.5) * (x + 1.5) + y * y)
    sharp = 0.5 * sharpness * ((x - 1.5) * (x - 1.5) + y * y)
    return smaller(sharp, flat, sharp, flat)


def sharp_flat_gradient(x: Real, y: Real, sharpness: float = 30.0) -> tuple[Real, Real]:
    flat = (x + 1.5) * (x + 1.5) + y * y
    sharp = sharpness * ((x - 1.5) * (x - 1.5) + y * y)
    return smaller(sharp, flat, sharpness * (x - 1.5), x + 1.5), smaller(sharp, flat, sharpness * y, y)


# The minima of x² - 10 cos(2πx), where 2x + 20π sin(2πx) = 0, near each whole number; the first is 0.
_DIPS = (
    0.0,
    0.9949586376523348,
    1.9899122337085497,
    2.984855701039481,
    3.9797838603007536,
    4.974691390895051,
)
_DIPS_BOTH = tuple(sorted({s * d for d in _DIPS for s in (-1.0, 1.0)}))

SURFACES: dict[str, Surface] = {
    "bowl": Surface(
        "Bowl",
        r"\tfrac12 (x^2 + y^2)",
        bowl,
        bowl_gradient,
        "Equally curved in all directions: plain gradient descent walks straight to the middle.",
        (-3.0, 3.0, -3.0, 3.0),
        (-2.2, 1.8),
        ((0.0, 0.0),),
    ),
    "ravine": Surface(
        "Ravine",
        r"\tfrac12 (u^2 + \kappa v^2),\quad u, v = \text{rotated } x, y",
        ravine,
        ravine_gradient,
        "κ times steeper across than along: plain descent zigzags, momentum wins.",
        (-3.0, 3.0, -3.0, 3.0),
        (-2.5, 1.2),
        ((0.0, 0.0),),
        log_levels=True,
        parameters=(
            Parameter("kappa", r"\kappa", 20.0, 1.0, 1000.0, 1.0, log=True),
            Parameter("rotation", r"\varphi°", 0.0, 0.0, 180.0, 1.0),
        ),
    ),
    "saddle": Surface(
        "Saddle",
        r"\tfrac12 (x^2 - y^2)",
        saddle,
        saddle_gradient,
        "Flat at the middle, yet no minimum: a start on its ridge never leaves, a little noise frees it.",
        (-3.0, 3.0, -3.0, 3.0),
        (-2.5, 0.01),
    ),
    "monkey_saddle": Surface(
        "Monkey saddle",
        r"x^3 - 3 x y^2",
        monkey_saddle,
        monkey_saddle_gradient,
        "Three ways down, one for the tail; in the middle even the curvature is 0, so Newton has no guide.",
        (-2.0, 2.0, -2.0, 2.0),
        (1.5, 0.05),
    ),
    "rosenbrock": Surface(
        "Rosenbrock",
        r"(1 - x)^2 + b\,(y - x^2)^2",
        rosenbrock,
        rosenbrock_gradient,
        "A bent, almost flat valley: easy to find, slow to follow.",
        (-2.0, 2.0, -1.0, 3.0),
        (-1.5, 2.0),
        ((1.0, 1.0),),
        log_levels=True,
        parameters=(Parameter("b", "b", 100.0, 1.0, 1000.0, 1.0, log=True),),
    ),
    "beale": Surface(
        "Beale",
        r"(1.5 - x + xy)^2 + (2.25 - x + xy^2)^2 + (2.625 - x + xy^3)^2",
        beale,
        beale_gradient,
        "A flat middle between walls that rise like y⁶: large steps are thrown out by the walls.",
        (-4.5, 4.5, -4.5, 4.5),
        (1.0, 1.5),
        ((3.0, 0.5),),
        log_levels=True,
    ),
    "himmelblau": Surface(
        "Himmelblau",
        r"(x^2 + y - 11)^2 + (x + y^2 - 7)^2",
        himmelblau,
        himmelblau_gradient,
        "Four equal minima: which one is found depends on the start and on the rule.",
        (-5.0, 5.0, -5.0, 5.0),
        (-0.5, -1.5),
        (
            (3.0, 2.0),
            (-2.805118086952745, 3.131312518250573),
            (-3.779310253377747, -3.283185991286170),
            (3.584428340330492, -1.848126526964404),
        ),
        log_levels=True,
    ),
    "booth": Surface(
        "Booth",
        r"(x + 2y - 7)^2 + (2x + y - 5)^2",
        booth,
        booth_gradient,
        "A tilted quadratic bowl with κ = 9: a mild test that every rule should pass.",
        (-10.0, 10.0, -10.0, 10.0),
        (-7.0, 8.0),
        ((1.0, 3.0),),
        log_levels=True,
    ),
    "matyas": Surface(
        "Matyas",
        r"0.26\,(x^2 + y^2) - 0.48\,xy",
        matyas,
        matyas_gradient,
        "A diagonal valley with κ = 25: rules that scale x and y separately cannot see it.",
        (-10.0, 10.0, -10.0, 10.0),
        (-8.0, 3.0),
        ((0.0, 0.0),),
        log_levels=True,
    ),
    "three_hump_camel": Surface(
        "Three-hump camel",
        r"2x^2 - 1.05x^4 + \tfrac{x^6}{6} + xy + y^2",
        three_hump_camel,
        three_hump_camel_gradient,
        "One good minimum between two poor ones: careful steps stop in the first that they meet.",
        (-2.5, 2.5, -2.5, 2.5),
        (-2.2, 2.0),
        ((0.0, 0.0),),
        ((1.7475523458302888, -0.8737761729151444), (-1.7475523458302888, 0.8737761729151444)),
        log_levels=True,
    ),
    "styblinski_tang": Surface(
        "Styblinski–Tang",
        r"\tfrac12 \left(x^4 - 16x^2 + 5x + y^4 - 16y^2 + 5y\right)",
        styblinski_tang,
        styblinski_tang_gradient,
        "Four minima of different depth, the lowest at the lower left.",
        (-5.0, 5.0, -5.0, 5.0),
        (0.6, 0.9),
        ((-2.903534027771177, -2.903534027771177),),
        (
            (-2.903534027771177, 2.746802770990837),
            (2.746802770990837, -2.903534027771177),
            (2.746802770990837, 2.746802770990837),
        ),
    ),
    "rastrigin": Surface(
        "Rastrigin",
        r"20 + x^2 - 10\cos 2\pi x + y^2 - 10\cos 2\pi y",
        rastrigin,
        rastrigin_gradient,
        "A bowl full of dimples: whoever follows the gradient stops in the nearest one.",
        (-5.12, 5.12, -5.12, 5.12),
        (-3.3, 2.4),
        ((0.0, 0.0),),
        tuple((x, y) for x in _DIPS_BOTH for y in _DIPS_BOTH if x or y),
    ),
    "ackley": Surface(
        "Ackley",
        r"20 - 20 e^{-0.2 \sqrt{(x^2 + y^2) / 2}} + e - e^{(\cos 2\pi x + \cos 2\pi y) / 2}",
        ackley,
        ackley_gradient,
        "A funnel under ripples: big steps see the funnel, small ones are caught by a ripple.",
        (-5.0, 5.0, -5.0, 5.0),
        (-3.4, 2.6),
        ((0.0, 0.0),),
    ),
    "cliff": Surface(
        "Plateau with a cliff",
        r"1 + \tanh\tfrac{s (x - 1)}{2} - e^{-((x + 1.5)^2 + y^2) / 4.5}",
        cliff,
        cliff_gradient,
        "Almost no gradient on the plateau, a huge one on the wall: one step there throws descent far away.",
        (-5.0, 4.0, -3.0, 3.0),
        (2.5, 1.0),
        ((-1.5, 0.0),),
        parameters=(Parameter("steepness", "s", 50.0, 10.0, 200.0, 1.0, log=True),),
    ),
    "sharp_flat": Surface(
        "Sharp and flat minimum",
        r"\min\left(\tfrac12 \|p - (-1.5, 0)\|^2,\ \tfrac{s}{2} \|p - (1.5, 0)\|^2\right)",
        sharp_flat,
        sharp_flat_gradient,
        "Two minima of equal depth: noise or a step above 2/s leaves the sharp one, the flat one holds.",
        (-4.0, 3.0, -3.0, 3.0),
        (1.75, 0.2),
        ((-1.5, 0.0), (1.5, 0.0)),
        parameters=(Parameter("sharpness", "s", 30.0, 2.0, 300.0, 1.0, log=True),),
    ),
}

PARAMETERS: dict[str, Parameter] = {p.name: p for s in SURFACES.values() for p in s.parameters}


# --- With its numbers filled in -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Bound:
    """f(x, y) and its gradient, parameters filled in; floats give floats, complex ones complex, tensors tensors."""

    f: Function
    gradient: Gradient


def bind(name: str, **parameters: float) -> Bound:
    """A built-in surface with its parameters; missing ones take their defaults."""
    if name not in SURFACES:
        raise ValueError(f"There is no surface {name!r}; choose one of {', '.join(SURFACES)}.")
    surface = SURFACES[name]
    own = {p.name: p for p in surface.parameters}
    for key, value in parameters.items():
        if key not in own:
            allowed = "only " + ", ".join(own) if own else "no parameters"
            raise ValueError(f"{surface.title} takes {allowed}, not {key!r}.")
        # Above `high` is steep but still a surface; at or below 0 a logarithmic one would change its kind.
        if not math.isfinite(value) or (own[key].log and value <= 0):
            allowed = "a finite number above 0" if own[key].log else "a finite number"
            raise ValueError(f"{key} of {surface.title} must be {allowed}, not {value}.")
    given = {p.name: float(parameters.get(p.name, p.default)) for p in surface.parameters}
    if not given:
        return Bound(surface.f, surface.gradient)
    return Bound(partial(surface.f, **given), partial(surface.gradient, **given))
