r"""Gated linear units: one half of a layer decides how much of the other half gets through.

    y = u · f(v),    u = V x (the value),    v = W x (the gate)        ∂y/∂u = f(v),    ∂y/∂v = u f'(v)

y is linear in the value: where the gate is open, the gradient passes undiminished, whatever the size of u. With
u = v the sigmoid's gate is SiLU, v σ(v). Dauphin, Fan, Auli, Grangier, "Language modeling with gated convolutional
networks", 2017 (GLU); Shazeer, "GLU variants improve transformer", 2020 (all others).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Function = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Gate:
    """A member of the family: the gate's function, by its name among the activations."""

    title: str
    activation: str
    note: str


GATES: dict[str, Gate] = {
    "glu": Gate("GLU", "sigmoid", "The gate lies between 0 and 1: a share of the value."),
    "bilinear": Gate("Bilinear", "identity", "No function at all: u · v is not linear any more."),
    "reglu": Gate("ReGLU", "relu", "A closed gate is exactly 0, and so are both derivatives: it can die."),
    "geglu": Gate("GEGLU", "gelu", "A smooth ReGLU."),
    "swiglu": Gate("SwiGLU", "silu", "The habit of today's large language models."),
}


@dataclass(frozen=True)
class Gated:
    """y = u f(v) and its derivatives by both inputs, all of the common shape of u and v."""

    y: Tensor
    du: Tensor
    dv: Tensor


@dataclass(frozen=True)
class Passed:
    """The same at one point, with the plain activation f(v) and f'(v) beside it."""

    y: float
    du: float
    dv: float
    f: float
    df: float


def gated(f: Function, u: Tensor, v: Tensor) -> Gated:
    """y = u f(v), differentiated by autograd."""
    u, v = (part.detach().clone().requires_grad_() for part in torch.broadcast_tensors(u, v))
    with torch.enable_grad():
        y = u * f(v)
        du, dv = torch.autograd.grad(y.sum(), (u, v), materialize_grads=True)
    return Gated(y.detach(), du, dv)


def passed(f: Function, u: float, v: float) -> Passed:
    """One point, in float64."""
    if not (math.isfinite(u) and math.isfinite(v)):
        raise ValueError(f"u and v must be finite numbers, not {u} and {v}.")
    value, gate, one = (torch.tensor(number, dtype=torch.float64) for number in (u, v, 1.0))
    at, plain = gated(f, value, gate), gated(f, one, gate)  # 1 · f(v) is the activation itself
    return Passed(at.y.item(), at.du.item(), at.dv.item(), plain.y.item(), plain.dv.item())
