r"""Ways through a latent space, and what is found there.

    straight: (1 − t)·a + t·b          great circle (slerp): sin((1 − t)θ)/sin θ · a + sin(tθ)/sin θ · b
    speed of the picture: ‖J‖_F, J = ∂x̂/∂z      holes: q(z)/p(z), q = 1/N Σ N(μ_i, σ_i²), p = N(0, 1)

`decode` is any function from codes (N, L) to pictures (N, 28, 28) in 0..1.
Shoemake, "Animating rotation with quaternion curves", 1985; White, "Sampling generative networks", 2016.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

Decoder = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Plane:
    """A flat piece of the latent space: origin + s·(x·first + y·second); both directions have length 1."""

    origin: Tensor  # (L,)
    first: Tensor  # (L,)
    second: Tensor  # (L,)
    explained: float = 1.0  # share of the variance of the codes that lies in it
    scale: float = 1.0  # s: what one unit of x and y is in the latent space

    def at(self, xy: Tensor) -> Tensor:
        """Places (N, 2) -> codes (N, L)."""
        return self.origin + self.scale * (xy[:, :1] * self.first + xy[:, 1:] * self.second)

    def project(self, z: Tensor) -> Tensor:
        """Codes (N, L) -> places (N, 2) of the nearest points of the plane."""
        return (z - self.origin) @ torch.stack([self.first, self.second], 1) / self.scale


@dataclass(frozen=True)
class Spot:
    """One point of the latent space in numbers."""

    speed: float  # ‖J‖, in brightness of all pixels for one unit of z
    log_prior: float  # log N(z; 0, 1)
    ink: float  # Σ x̂ over all pixels
    sharpness: float  # share of pixels that are nearly black or nearly white


def coordinate_plane(codes: Tensor, i: int, j: int) -> Plane:
    """Two dimensions of the space; the others stay 0."""
    if i == j:
        raise ValueError("The two dimensions must be different ones.")
    unit, variance = torch.eye(codes.shape[1]), codes.var(0)
    share = (variance[i] + variance[j]) / variance.sum().clamp(min=1e-12)
    return Plane(torch.zeros(codes.shape[1]), unit[i], unit[j], share.item())


def principal_plane(codes: Tensor) -> Plane:
    """The two directions in which the codes vary most, through their mean (PCA)."""
    middle = codes.mean(0)
    variance, directions = torch.linalg.eigh((codes - middle).T.cov())
    share = variance[-2:].sum() / variance.sum().clamp(min=1e-12)
    ways = directions[:, [-1, -2]]
    largest = ways.gather(0, ways.abs().argmax(0, keepdim=True))  # a sign of its own for each direction
    first, second = (ways * largest.sign()).unbind(1)
    return Plane(middle, first, second, share.item())


# --- ways ---


def straight(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
    """(L,), (L,), (n,) -> (n, L), along the line."""
    return a + t[:, None] * (b - a)


def great_circle(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
    """Slerp: as straight, but over the sphere, so that the length does not sink; opposite codes have none."""
    angle = torch.arccos(torch.dot(a, b).div(a.norm() * b.norm()).clamp(-1, 1))
    if not angle.isfinite() or angle.sin() < 1e-4:
        if angle > 1:
            raise ValueError("Between opposite points there is no shortest way over the sphere.")
        return straight(a, b, t)
    return (((1 - t) * angle).sin()[:, None] * a + (t * angle).sin()[:, None] * b) / angle.sin()


def through(corners: Sequence[tuple[float, float]], n: int) -> Tensor:
    """(n, 2), n places along the straight way through all corners, at even distances."""
    p = torch.tensor(corners, dtype=torch.float32)
    if len(p) < 2 or n < 2:
        raise ValueError("A way needs at least two corners and two places.")
    length = torch.cat([torch.zeros(1), (p[1:] - p[:-1]).norm(dim=1).cumsum(0)])
    at = torch.linspace(0, 1, n) * length[-1]
    i = torch.searchsorted(length, at, right=True).clamp(1, len(p) - 1)
    share = (at - length[i - 1]) / (length[i] - length[i - 1]).clamp(min=1e-9)
    return torch.lerp(p[i - 1], p[i], share.clamp(0, 1)[:, None])


def attribute(codes: Tensor, has: Tensor, lacks: Tensor) -> Tensor:
    """(L,), the mean code of those that have it minus the mean of those that lack it; masks (N,)."""
    if not has.any() or not lacks.any():
        raise ValueError("An attribute needs some pictures that have it and some that lack it.")
    return codes[has].mean(0) - codes[lacks].mean(0)


def slant(pictures: Tensor) -> Tensor:
    """(N,), how far the strokes lean to the right, per pixel upwards: −cov(x, y)/var(y) of the ink."""
    _n, side, _width = pictures.shape
    ink = pictures / pictures.sum((1, 2), keepdim=True).clamp(min=1e-6)
    at = torch.arange(side, dtype=pictures.dtype)
    x, y = (ink.sum(1) @ at, ink.sum(2) @ at)
    dx, dy = at[None, :] - x[:, None], at[None, :] - y[:, None]
    both = torch.einsum("nij,ni,nj->n", ink, dy, dx)
    return -both / torch.einsum("nij,ni->n", ink, dy.square()).clamp(min=1e-6)


def thickness(pictures: Tensor) -> Tensor:
    """(N,), the width of the strokes in pixels: twice the ink by the length of its edges."""
    down, right = pictures.diff(dim=1), pictures.diff(dim=2)
    edges = torch.hypot(down[:, :, :-1], right[:, :-1]).sum((1, 2))
    return 2 * pictures.sum((1, 2)) / edges.clamp(min=1e-6)


# --- what is found there ---


def speed(decode: Decoder, z: Tensor) -> Tensor:
    """(N,), ‖∂x̂/∂z‖_F at each code: how much the picture changes for a small step, whichever way."""
    with torch.enable_grad():
        z = z.detach().requires_grad_()
        made = decode(z)
        u = torch.zeros_like(made, requires_grad=True)
        (pulled,) = torch.autograd.grad(made, z, u, create_graph=True)  # uᵀJ: what stands before u is J
        columns = [torch.autograd.grad(pulled[:, k].sum(), u, retain_graph=True)[0] for k in range(z.shape[1])]
    return torch.stack(columns).square().sum((0, 2, 3)).sqrt()


def speed_within(decode: Decoder, plane: Plane, xy: Tensor) -> Tensor:
    """The same for steps within a plane, at places (N, 2)."""
    return speed(lambda places: decode(plane.at(places)), xy)


def log_prior(z: Tensor) -> Tensor:
    """log N(z; 0, 1) of codes (N, L)."""
    return -0.5 * (z.square() + math.log(2 * math.pi)).sum(1)


def log_aggregate(plane: Plane, mu: Tensor, logvar: Tensor, xy: Tensor, blur: float = 0.0) -> Tensor:
    """log q at places (N, 2): every posterior N(μ_i, σ_i²), projected onto the plane, exactly; `blur` is added to σ."""
    centre, ways = plane.project(mu), torch.stack([plane.first, plane.second]) / plane.scale
    cov = torch.einsum("ak,nk,bk->nab", ways, logvar.exp(), ways) + blur**2 * torch.eye(2)
    inverse, half = torch.linalg.inv(cov), 0.5 * torch.logdet(cov)
    found = []
    for part in xy.split(512):  # (512, N, 2) at a time
        away = part[:, None] - centre
        u, v = away.unbind(2)
        square = inverse[:, 0, 0] * u * u + 2 * inverse[:, 0, 1] * u * v + inverse[:, 1, 1] * v * v
        found.append((-0.5 * square - half).logsumexp(1))
    return torch.cat(found) - math.log(2 * math.pi * len(mu))


def active(mu: Tensor, threshold: float = 0.01) -> Tensor:
    """(L,), which dimensions say anything: those whose mean varies from picture to picture (Burda et al., 2015)."""
    return mu.var(0) > threshold


def lattice(n: int, reach: float, even: bool = True, temperature: float = 1.0) -> Tensor:
    """(n·n, 2) places from the upper left, row by row: evenly over ±reach, or at quantiles of the prior."""
    middle = (torch.arange(n) + 0.5) / n
    line = (2 * middle - 1) * reach if even else temperature * torch.special.ndtri(middle)
    y, x = torch.meshgrid(-line, line, indexing="ij")
    return torch.stack([x.flatten(), y.flatten()], 1)


def tiled(pictures: Tensor, columns: int) -> Tensor:
    """(N, H, W) -> one picture, so many in a row, without gaps."""
    n, high, wide = pictures.shape
    return pictures.reshape(-1, columns, high, wide).transpose(1, 2).reshape(n // columns * high, columns * wide)


def nearest(pictures: Tensor, lengths: Tensor, wanted: Tensor, n: int = 5) -> tuple[Tensor, Tensor]:
    """Which of the pictures (N, 28, 28) come closest to each of the wanted (M, 28, 28), and how far they are: the root
    of the mean squared difference, both (M, n). `lengths` (N,) are the sums of the squares of the pictures."""
    flat, ours = pictures.flatten(1), wanted.flatten(1)
    square = lengths - 2 * ours @ flat.T + ours.square().sum(1, keepdim=True)
    best = square.topk(n, dim=1, largest=False)
    return best.indices, (best.values.clamp(min=0) / flat.shape[1]).sqrt()


def spot(decode: Decoder, z: Sequence[float]) -> Spot:
    """What can be said of one code."""
    code = torch.tensor([list(z)])
    with torch.no_grad():
        made = decode(code)
    sure = ((made < 0.1) | (made > 0.9)).float().mean()
    return Spot(speed(decode, code).item(), log_prior(code).item(), made.sum().item(), sure.item())


@dataclass(frozen=True)
class Crossing:
    """A place between two codes, on the line and on the great circle."""

    angle: float  # between the codes, in degrees
    straight: float  # ‖z‖ on the line
    circle: float  # ‖z‖ on the great circle
    straight_ink: float  # Σ x̂ of the decodes
    circle_ink: float


@dataclass(frozen=True)
class Looks:
    """What can be measured of a decode."""

    slant: float
    thickness: float
    ink: float


def crossing(decode: Decoder, a: Sequence[float], b: Sequence[float], t: float) -> Crossing:
    """Both ways from a to b, at t."""
    (one, other), at = (torch.tensor(list(z)) for z in (a, b)), torch.tensor([t])
    line, arc = straight(one, other, at), great_circle(one, other, at)
    cosine = torch.dot(one, other) / (one.norm() * other.norm()).clamp(min=1e-12)
    with torch.no_grad():
        ink = decode(torch.cat([line, arc])).sum((1, 2)).tolist()
    return Crossing(math.degrees(math.acos(cosine.clamp(-1, 1))), line.norm().item(), arc.norm().item(), *ink)


def looks(decode: Decoder, codes: Sequence[Sequence[float]]) -> list[Looks]:
    """Slant, thickness and ink of the decodes of some codes."""
    with torch.no_grad():
        made = decode(torch.tensor([list(z) for z in codes]))
    return [Looks(*map(float, told)) for told in zip(slant(made), thickness(made), made.sum((1, 2)), strict=True)]
