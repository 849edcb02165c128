r"""What follows from a surface f(x, y) and its gradient: curvature, the stability limit, the picture on a grid.

The Hessian, needed by Newton's method and for the limit 2 / λ_max, is autograd of the gradient; at a single point of
a surface whose gradient is written by hand it is the complex-step derivative, which has no difference to round off
(Squire, Trapp, "Using complex variables to estimate derivatives of real functions", 1998):

    h_xx = Im g_x(x + iε, y) / ε,  ε = 1e-100      λ = (h_xx + h_yy) / 2 ± √( ((h_xx - h_yy) / 2)² + h_xy² )

A function of one's own has its gradient by autograd, too.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

Number = float | Tensor
Where = tuple[float, float]
Scalar = Callable[..., Number]  # f(x, y)
Slope = Callable[..., tuple[Number, Number]]  # (df/dx, df/dy)
Curvature = Callable[..., tuple[Number, Number, Number]]  # (h_xx, h_xy, h_yy)


@dataclass(frozen=True)
class Field:
    """f(x, y), its gradient and its Hessian, parameters filled in; floats give floats, tensors tensors."""

    f: Scalar
    gradient: Slope
    hessian: Curvature


@dataclass(frozen=True)
class Grid:
    """z[i, j] = f(x[j], y[i]): rows are y, as contour plots want it."""

    x: Tensor  # (n,)
    y: Tensor  # (n,)
    z: Tensor  # (n, n); may hold inf and NaN, but not only


def exact(surface: Any) -> Field:
    """A surface (f, gradient) whose gradient is written by hand and takes complex numbers, with its Hessian."""
    return Field(surface.f, surface.gradient, _hessian(surface.gradient))


def field_of(f: Scalar) -> Field:
    """A function of one's own, f(x, y) on tensors, with gradient and Hessian by autograd."""
    gradient = gradient_of(f)
    return Field(f, gradient, hessian_of(gradient))


def gradient_of(f: Scalar) -> Slope:
    """(df/dx, df/dy) by autograd, for an f that works point by point on tensors of any shape."""

    def gradient(x: Number, y: Number) -> tuple[Number, Number]:
        if not isinstance(x, Tensor) or not isinstance(y, Tensor):
            gx, gy = gradient(*torch.tensor([x, y], dtype=torch.float64))
            return float(gx), float(gy)
        again = x.requires_grad or y.requires_grad  # the caller wants the Hessian: leave it the graph
        with torch.enable_grad():
            if not again:
                x, y = x.detach().requires_grad_(), y.detach().requires_grad_()
            z = f(x, y)
            return _derivatives(z, x, y, again)

    return gradient


def hessian_of(gradient: Slope) -> Curvature:
    """(h_xx, h_xy, h_yy) by autograd of a gradient."""

    def hessian(x: Number, y: Number) -> tuple[Number, Number, Number]:
        if not isinstance(x, Tensor) or not isinstance(y, Tensor):
            hxx, hxy, hyy = hessian(*torch.tensor([x, y], dtype=torch.float64))
            return float(hxx), float(hxy), float(hyy)
        with torch.enable_grad():
            x, y = x.detach().requires_grad_(), y.detach().requires_grad_()
            gx, gy = gradient(x, y)
            hxx, hxy = _derivatives(gx, x, y)
            _, hyy = _derivatives(gy, x, y)
        return hxx, hxy, hyy

    return hessian


def _hessian(gradient: Slope) -> Curvature:
    """hessian_of a gradient that also takes complex numbers: at one point fifty times faster."""
    of_tensors, epsilon = hessian_of(gradient), 1e-100

    def hessian(x: Number, y: Number) -> tuple[Number, Number, Number]:
        if isinstance(x, Tensor):
            return of_tensors(x, y)
        gx_x, _ = gradient(complex(x, epsilon), y)
        gx_y, gy_y = gradient(x, complex(y, epsilon))
        return gx_x.imag / epsilon, gx_y.imag / epsilon, gy_y.imag / epsilon

    return hessian


def _derivatives(z: Number, x: Tensor, y: Tensor, again: bool = False) -> tuple[Tensor, Tensor]:
    """(dz/dx, dz/dy); with `again` they can be differentiated once more."""
    if not isinstance(z, Tensor) or not z.requires_grad:  # a constant
        return torch.zeros_like(x), torch.zeros_like(y)
    dx, dy = torch.autograd.grad(z.sum(), (x, y), retain_graph=True, create_graph=again, materialize_grads=True)
    return dx, dy


def eigenvalues(hxx: Number, hxy: Number, hyy: Number) -> tuple[Tensor, Tensor]:
    """The smaller and the larger eigenvalue of [[hxx, hxy], [hxy, hyy]], of any common shape."""
    a, b, c = (torch.as_tensor(h, dtype=None if isinstance(h, Tensor) else torch.float64) for h in (hxx, hxy, hyy))
    middle, radius = (a + c) / 2, torch.hypot((a - c) / 2, b)
    return middle - radius, middle + radius


def lambda_max(field: Field, point: Where) -> float:
    """The largest curvature at a point: gradient descent is stable there up to lr = 2 / λ_max."""
    return float(eigenvalues(*field.hessian(float(point[0]), float(point[1])))[1])


def grid(f: Scalar, view: tuple[float, float, float, float], n: int = 121, device: str = "cpu") -> Grid:
    """f on n × n points of the view (xmin, xmax, ymin, ymax)."""
    xmin, xmax, ymin, ymax = view
    if not (math.isfinite(xmin + xmax + ymin + ymax) and xmin < xmax and ymin < ymax):
        raise ValueError(f"The view must be xmin < xmax and ymin < ymax, all finite, not {view}.")
    if n < 2:
        raise ValueError(f"The grid needs at least 2 points on a side, not {n}.")
    x = torch.linspace(xmin, xmax, n, dtype=torch.float64, device=device)
    y = torch.linspace(ymin, ymax, n, dtype=torch.float64, device=device)
    with torch.no_grad():
        z = torch.as_tensor(f(x.expand(n, n), y[:, None].expand(n, n)), device=device).double().expand(n, n)
    if not z.isfinite().any():
        raise ValueError("The function has no finite value in this view; move the view or change the formula.")
    return Grid(x, y, z)
