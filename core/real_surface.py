r"""A real loss surface: a small network, all its weights but two directions held fast.

Around a point θ* of the weight space (where training ended) the loss is drawn on a plane:

    f(α, β) = L(θ* + α d₁ + β d₂)

Random directions are filter-normalised: each neuron's part of d gets the length of that neuron's weights.
Else a network that could be rescaled without changing what it computes would look sharper or flatter at will
(Li, Xu, Taylor, Studer, Goldstein, "Visualizing the loss landscape of neural nets", 2018). In high dimension
a random plane hardly holds any of the path; the two main directions of the path itself (PCA) hold most of it.

Networks are rows of a matrix of weights (B, P): one batched product evaluates many at once. With skip
connections, h ← h + f(W h + b), the surface of a deep network is much smoother (He et al. 2016).
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

Parameters = list[Tensor]


@dataclass(frozen=True)
class Network:
    """A classifier: inputs -> width -> … -> width -> classes, ReLU between, `depth` hidden layers."""

    inputs: int
    classes: int
    width: int = 16
    depth: int = 2
    skip: bool = False  # around every hidden layer but the first, which changes the width

    def __post_init__(self) -> None:
        if min(self.inputs, self.classes - 1, self.width, self.depth) < 1:
            raise ValueError("A network needs 1 input, 2 classes, width 1 and depth 1 at least.")

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """(in, out) of each layer."""
        sizes = [self.inputs, *[self.width] * self.depth, self.classes]
        return list(pairwise(sizes))

    @property
    def size(self) -> int:
        return sum((n_in + 1) * n_out for n_in, n_out in self.shapes)


def layers(network: Network, theta: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Views of theta (…, P): for each layer W (…, in, out) and b (…, 1, out)."""
    views, at = [], 0
    for n_in, n_out in network.shapes:
        w = theta[..., at : at + n_in * n_out].unflatten(-1, (n_in, n_out))
        at += n_in * n_out
        views.append((w, theta[..., None, at : at + n_out]))
        at += n_out
    return views


def logits(network: Network, theta: Tensor, x: Tensor) -> Tensor:
    """What networks theta (…, P) say about x (N, inputs): (…, N, classes)."""
    *hidden, (w_last, b_last) = layers(network, theta)
    h = x
    for index, (w, b) in enumerate(hidden):
        out = torch.relu(h @ w + b)
        h = h + out if network.skip and index else out
    return h @ w_last + b_last


def losses(network: Network, theta: Tensor, x: Tensor, labels: Tensor) -> Tensor:
    """Mean cross-entropy of each network, theta (B, P) -> (B,)."""
    z = logits(network, theta, x)
    return torch.nn.functional.cross_entropy(
        z.flatten(0, 1), labels.repeat(len(theta)), reduction="none"
    ).reshape(len(theta), -1).mean(1)  # fmt: skip


def initial(network: Network, seed: int = 0, device: str = "cpu") -> Tensor:
    """(P,): Kaiming normal weights, zero biases; the branches of a deep skip network are scaled down."""
    generator = torch.Generator().manual_seed(seed)
    theta = torch.zeros(network.size)
    for index, (w, _) in enumerate(layers(network, theta)):
        # Each branch adds its variance to the sum, so depth many of them share the variance of one.
        share = network.depth if network.skip and 0 < index < network.depth else 1
        w.copy_(torch.randn(w.shape, generator=generator) * math.sqrt(2 / (w.shape[0] * share)))
    return theta.to(device)


# --- Training -----------------------------------------------------------------------------------------------

Make = Callable[[Parameters, float], torch.optim.Optimizer]

TRAINERS: dict[str, tuple[str, float, Make]] = {  # title, a good learning rate, how to make it
    "gd": ("Gradient descent", 0.1, lambda p, lr: torch.optim.SGD(p, lr)),
    "momentum": ("Momentum", 0.02, lambda p, lr: torch.optim.SGD(p, lr, momentum=0.9)),
    "nesterov": ("Nesterov", 0.02, lambda p, lr: torch.optim.SGD(p, lr, momentum=0.9, nesterov=True)),
    "adagrad": ("Adagrad", 0.02, lambda p, lr: torch.optim.Adagrad(p, lr)),
    "rmsprop": ("RMSProp", 0.003, lambda p, lr: torch.optim.RMSprop(p, lr)),
    "adam": ("Adam", 0.01, lambda p, lr: torch.optim.Adam(p, lr)),
    "adamw": ("AdamW", 0.01, lambda p, lr: torch.optim.AdamW(p, lr)),
}


@dataclass(frozen=True)
class Training:
    """Weights (k, P) on the way, the first before training, and their losses on all the data (k,)."""

    theta: Tensor
    loss: Tensor
    steps: int  # done so far
    diverged: bool = False


def train(
    network: Network,
    x: Tensor,
    labels: Tensor,
    rule: str = "adam",
    lr: float | None = None,
    *,
    steps: int = 300,
    batch: int = 64,
    every: int = 5,
    weight_decay: float | None = None,
    seed: int = 0,
) -> Iterator[Training]:
    """Train on mini-batches and yield the path so far after every tenth part; the last one is complete.

    The same seed gives the same first weights and the same batches, whatever the rule.
    """
    if rule not in TRAINERS:
        raise ValueError(f"There is no rule {rule!r} here; choose one of {', '.join(TRAINERS)}.")
    _check_data(network, x, labels)
    if steps < 0 or every < 1 or not 1 <= batch <= len(x):
        raise ValueError(f"Steps from 0, snapshots every 1 step or more, batches of 1 to {len(x)}.")
    lr = TRAINERS[rule][1] if lr is None else lr
    if not (math.isfinite(lr) and lr >= 0):
        raise ValueError(f"lr must be finite and 0 or above, not {lr}.")
    theta = initial(network, seed, str(x.device)).requires_grad_()
    optimizer = TRAINERS[rule][2]([theta], lr)
    if weight_decay is not None:  # AdamW has one of its own
        optimizer.param_groups[0]["weight_decay"] = weight_decay
    generator = torch.Generator().manual_seed(seed)
    order = torch.empty(0, dtype=torch.long)
    path, path_losses, report = (
        [theta.detach().clone()],
        [_loss(network, theta, x, labels)],
        max(every, steps // 10),
    )
    for t in range(1, steps + 1):
        if len(order) < batch:
            order = torch.randperm(len(x), generator=generator)
        chosen, order = order[:batch].to(x.device), order[batch:]
        optimizer.zero_grad()
        with torch.enable_grad():
            losses(network, theta[None], x[chosen], labels[chosen]).sum().backward()
        optimizer.step()
        if not theta.isfinite().all():
            yield Training(torch.stack(path), torch.stack(path_losses), t, diverged=True)
            return
        if t % every == 0 or t == steps:
            path.append(theta.detach().clone())
            path_losses.append(_loss(network, theta, x, labels))
        if t % report == 0 and t < steps:
            yield Training(torch.stack(path), torch.stack(path_losses), t)
    yield Training(torch.stack(path), torch.stack(path_losses), steps)


def _loss(network: Network, theta: Tensor, x: Tensor, labels: Tensor) -> Tensor:
    with torch.no_grad():
        return losses(network, theta[None], x, labels)[0]


# --- The plane ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Plane:
    """center + α first + β second; all (P,)."""

    center: Tensor
    first: Tensor
    second: Tensor
    explained: tuple[float, float] = (math.nan, math.nan)  # PCA: share of the path's variance in each


def random_plane(network: Network, center: Tensor, seed: int = 0) -> Plane:
    """Two random directions, filter-normalised; biases stay as they are."""
    generator = torch.Generator().manual_seed(seed)
    directions = []
    for _ in range(2):
        d = torch.zeros_like(center)
        for (w, _), (at, _) in zip(layers(network, d), layers(network, center), strict=True):
            # the weights that lead into one neuron are a column of W
            draw = torch.randn(w.shape, generator=generator).to(w)
            w.copy_(draw / draw.norm(dim=0).clamp(min=1e-12) * at.norm(dim=0))
        directions.append(d)
    return Plane(center, directions[0], directions[1])


def pca_plane(center: Tensor, paths: Sequence[Tensor]) -> Plane:
    """The two directions, of length 1, in which the paths (k, P) lie spread out most around the center."""
    away = torch.cat([path - center for path in paths])
    if len(away) < 3:
        raise ValueError(f"Two main directions need at least 3 points on the paths, not {len(away)}.")
    _, spread, directions = torch.linalg.svd(away, full_matrices=False)
    share = (spread**2 / (spread**2).sum().clamp(min=1e-30)).tolist()
    return Plane(center, directions[0], directions[1], (share[0], share[1]))


def project(plane: Plane, theta: Tensor) -> Tensor:
    """The (α, β) nearest to theta (…, P): (…, 2); the directions need not be at right angles."""
    basis = torch.stack([plane.first, plane.second])  # (2, P)
    gram = (basis @ basis.T).double()
    right = ((theta - plane.center) @ basis.T).double()
    return torch.linalg.solve(gram, right[..., None])[..., 0].to(theta.dtype)


@dataclass(frozen=True)
class Landscape:
    """loss[i, j] at alpha[j], beta[i]; NaN where it is not computed yet."""

    alpha: Tensor
    beta: Tensor
    loss: Tensor
    done: float  # share of the grid


def landscape(
    network: Network,
    plane: Plane,
    x: Tensor,
    labels: Tensor,
    view: tuple[float, float, float, float] = (-1.0, 1.0, -1.0, 1.0),
    n: int = 41,
    chunk: int = 64,
) -> Iterator[Landscape]:
    """The loss on n × n points of the plane, `chunk` networks at a time; the map as it grows, ten times."""
    _check_data(network, x, labels)
    if n < 2 or chunk < 1 or not (view[0] < view[1] and view[2] < view[3]):
        raise ValueError(f"A grid of at least 2 points on a side in xmin < xmax, ymin < ymax, not {n} in {view}.")
    alpha = torch.linspace(view[0], view[1], n, device=x.device)
    beta = torch.linspace(view[2], view[3], n, device=x.device)
    at = torch.stack(torch.meshgrid(alpha, beta, indexing="xy"), -1).reshape(-1, 2)
    basis = torch.stack([plane.first, plane.second])
    loss = torch.full((n * n,), math.nan, device=x.device)
    report = max(chunk, n * n // 10)
    reported = 0
    for first in range(0, n * n, chunk):
        part = slice(first, min(first + chunk, n * n))
        with torch.no_grad():
            loss[part] = losses(network, plane.center + at[part] @ basis, x, labels)
        if part.stop - reported >= report or part.stop == n * n:
            reported = part.stop
            yield Landscape(alpha, beta, loss.reshape(n, n).clone(), part.stop / (n * n))


def view_of(paths: Sequence[Tensor], margin: float = 0.25) -> tuple[float, float, float, float]:
    """A window (xmin, xmax, ymin, ymax) that holds all projected paths (k, 2) and the center."""
    points = torch.cat([*paths, torch.zeros_like(paths[0][:1])])
    low, high = points.amin(0), points.amax(0)
    room = (margin * (high - low)).clamp(min=1e-3)
    (xmin, ymin), (xmax, ymax) = (low - room).tolist(), (high + room).tolist()
    return xmin, xmax, ymin, ymax


# --- All of it ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Exploration:
    """The ways of several rules from the same first weights, on one plane, over the loss; as far as it has come."""

    done: float
    paths: dict[str, Tensor]  # (k, 2), projected
    losses: dict[str, Tensor]  # (k,), the true ones
    explained: tuple[float, float]
    map: Landscape | None = None


def explore(
    network: Network,
    x: Tensor,
    labels: Tensor,
    rules: Sequence[str],
    steps: int = 300,
    *,
    lr: float | None = None,
    batch: int = 50,
    plane: str = "pca",
    n: int = 41,
    seed: int = 0,
) -> Iterator[Exploration]:
    """Train with each rule, lay a plane ("pca" or "random") through the best end, draw the loss on it."""
    if not rules or plane not in ("pca", "random"):
        raise ValueError(f"One rule at least, and a plane that is pca or random, not {list(rules)} and {plane!r}.")
    found: dict[str, Training] = {}
    nothing = (math.nan, math.nan)
    for rule in rules:
        for part in train(network, x, labels, rule, lr, steps=steps, batch=batch, seed=seed):
            found[rule] = part
            share = (len(found) - 1 + part.steps / max(1, steps)) / len(rules)
            yield Exploration(0.5 * share, {}, {}, nothing)
    center = min(found.values(), key=lambda run: run.loss[-1].item()).theta[-1]
    ways = [run.theta for run in found.values()]
    laid = pca_plane(center, ways) if plane == "pca" else random_plane(network, center, seed)
    paths = {rule: project(laid, run.theta) for rule, run in found.items()}
    losses = {rule: run.loss for rule, run in found.items()}
    view = view_of(list(paths.values())) if plane == "pca" else (-1.0, 1.0, -1.0, 1.0)
    for drawn in landscape(network, laid, x, labels, view, n):
        yield Exploration(0.5 + 0.5 * drawn.done, paths, losses, laid.explained, drawn)


def last(parts: Iterator[Exploration]) -> Exploration:
    *_, whole = parts
    return whole


def summary(found: Exploration) -> dict[str, float]:
    """The loss of each rule at the end, and what the plane holds of the ways."""
    ends = {rule: loss[-1].item() for rule, loss in found.losses.items()}
    return ends | {"first direction": found.explained[0], "second direction": found.explained[1]}


def _check_data(network: Network, x: Tensor, labels: Tensor) -> None:
    if x.ndim != 2 or x.shape[1] != network.inputs or labels.shape != x.shape[:1] or not len(x):
        got = f"{tuple(x.shape)} and {tuple(labels.shape)}"
        raise ValueError(f"Data are x (N, {network.inputs}) and labels (N,) with N above 0, not {got}.")
    if labels.min() < 0 or labels.max() >= network.classes:
        raise ValueError(f"Labels must lie between 0 and {network.classes - 1}.")
