"""Learning a kernel: somebody has filtered a picture; gradient descent finds out with what.

    L(w) = ½ · mean (x ⋆ w − y)²        ∂L/∂w = x ⋆ (x ⋆ w − y), averaged over the picture

The loss is a bowl in the k² weights. With one row of A for each place of the kernel, and P places, its gradient is
(AᵀA w − Aᵀy) / P, so a step costs k⁴ however large the picture is. AᵀA / P holds how alike neighbouring pixels are:
in a photograph very, and that makes the bowl a ravine (LeCun, Kanter, Solla, 1991).
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Bowl:
    """The loss of all k × k kernels on one picture with one target."""

    gram: Tensor  # AᵀA / P (k², k²)
    pull: Tensor  # Aᵀy / P (k²,)
    rest: float  # ½ mean y²

    def loss(self, w: Tensor) -> Tensor:
        flat = w.flatten()
        return 0.5 * flat @ self.gram @ flat - self.pull @ flat + self.rest

    def gradient(self, w: Tensor) -> Tensor:
        return (self.gram @ w.flatten() - self.pull).reshape(w.shape)

    @property
    def curvatures(self) -> Tensor:
        """Along the axes of the bowl, the flattest first."""
        return torch.linalg.eigvalsh(self.gram).clamp(min=0)

    @property
    def limit(self) -> float:
        """Plain descent with a rate above 2 / largest curvature leaves the bowl."""
        if self.curvatures[-1] < 1e-9:
            raise ValueError("A picture of one single grey is no bowl: nothing can be learnt from it.")
        return 2 / self.curvatures[-1].item()

    @property
    def best(self) -> Tensor:
        """The bottom: the kernel of the smallest loss, (k, k)."""
        side = math.isqrt(len(self.pull))
        return torch.linalg.lstsq(self.gram, self.pull[:, None], driver="gelsd").solution.reshape(side, side)


@dataclass(frozen=True)
class Course:
    """A whole descent; it ends early where it blows up."""

    kernels: Tensor  # (steps + 1, k, k)
    losses: Tensor  # (steps + 1,)
    diverged: bool


@dataclass(frozen=True)
class Summary:
    """How far one has come after so many steps, and how far one can come."""

    loss: float
    gap: float  # the largest difference between a learnt and a hidden weight
    best_loss: float  # at the bottom of the bowl
    condition: float  # largest / smallest curvature
    limit: float  # the largest rate that does not blow up


def patterns(size: int, kind: str, seed: int) -> Tensor:
    """Pictures to learn from, (size, size): "noise", "stripes", "dots", "smooth"."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.rand((size, size), generator=generator)
    at = torch.arange(size)
    if kind == "noise":
        return noise
    if kind == "stripes":  # upright: nothing changes from top to bottom
        return (at // 4 % 2).float().expand(size, size).clone()
    if kind == "dots":
        return (noise > 0.97).float()
    if kind == "smooth":
        blur = torch.ones(1, 1, 7, 7) / 49
        for _ in range(2):
            noise = F.conv2d(F.pad(noise[None, None], (3, 3, 3, 3), "circular"), blur)[0, 0]
        return (noise - noise.min()) / (noise.max() - noise.min())
    raise ValueError(f"There is no pattern {kind!r}: noise, stripes, dots or smooth.")


def filtered(picture: Tensor, kernel: Tensor, edges: bool = False) -> Tensor:
    """The target: `picture` (H, W) under `kernel`, where it fits; `edges` takes absolute values."""
    made = F.conv2d(picture.double()[None, None], kernel.double()[None, None])[0, 0]
    return made.abs() if edges else made


def bowl(picture: Tensor, target: Tensor, k: int, centred: bool = True) -> Bowl:
    """All windows of k × k, each with the pixel of the target that lies at its middle.

    The target may have been made by a kernel of another size: what both know is compared. `centred` takes the mean
    off the picture for the windows, and the mean that this leaves off the target.
    """
    picture, target = picture.double(), target.double()
    hidden = picture.shape[0] - target.shape[0] + 1
    if k % 2 == 0 or hidden % 2 == 0:
        raise ValueError("The kernels need a middle: odd sizes only.")
    down, across = len(picture) - k + 1, picture.shape[1] - k + 1
    windows = F.unfold(picture[None, None], k)[0].T.reshape(down, across, k * k)
    rows, known = middles(windows, target)
    windows, y = rows.reshape(-1, k * k), known.flatten()  # (P, k²), (P,)
    if centred:
        windows, y = windows - windows.mean(0), y - y.mean()
    n = len(y)
    return Bowl(windows.T @ windows / n, windows.T @ y / n, 0.5 * (y @ y).item() / n)


def descend(bowl: Bowl, lr: float, steps: int, momentum: float = 0.0, seed: int | None = None) -> Course:
    """Gradient descent with momentum from zeros, or from small random numbers with a seed.

    lr is in units of the limit of plain descent: 1 is the largest rate with which it does not blow up.
    """
    if lr <= 0 or steps < 1 or not 0 <= momentum < 1:
        raise ValueError("A positive rate, at least one step and a momentum from 0 to below 1 are needed.")
    side = math.isqrt(len(bowl.pull))
    w, v, rate = torch.zeros_like(bowl.pull), torch.zeros_like(bowl.pull), lr * bowl.limit
    if seed is not None:
        w = 0.1 * torch.randn(w.shape, generator=torch.Generator().manual_seed(seed), dtype=w.dtype)
    way, diverged = [w], False
    for _ in range(steps):
        v = momentum * v - rate * (bowl.gram @ w - bowl.pull)
        w = w + v
        way.append(w)
        if diverged := not w.abs().max() < 1e6:
            break
    kernels = torch.stack(way)
    losses = 0.5 * ((kernels @ bowl.gram) * kernels).sum(1) - kernels @ bowl.pull + bowl.rest
    return Course(kernels.reshape(-1, side, side), losses.clamp(min=0), diverged)


def aligned(kernel: Tensor, side: int) -> Tensor:
    """A kernel with zeros around it, (side, side)."""
    return F.pad(kernel, [(side - len(kernel)) // 2] * 4)


def distance(kernel: Tensor, hidden: Tensor) -> float:
    """The largest difference of two kernels about one middle; where one is smaller it is 0."""
    side = max(len(kernel), len(hidden))
    return (aligned(kernel.double(), side) - aligned(hidden.double(), side)).abs().max().item()


def summary(bowl: Bowl, course: Course, hidden: Tensor, step: int) -> Summary:
    """After `step` steps, or at the end where the course is shorter."""
    at, curvatures = min(step, len(course.losses) - 1), bowl.curvatures
    condition = math.inf if curvatures[0] <= 1e-12 * curvatures[-1] else (curvatures[-1] / curvatures[0]).item()
    return Summary(course.losses[at].item(), distance(course.kernels[at], hidden),
                   max(0.0, bowl.loss(bowl.best).item()), condition, bowl.limit)  # fmt: skip


def middles(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Two pictures about one middle, the larger one cut to the size of the smaller."""
    side = min(len(a), len(b))
    first, second = (x[n : n + side, n : n + side] for x in (a, b) for n in [(len(x) - side) // 2])
    return first, second
