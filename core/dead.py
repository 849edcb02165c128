r"""Dead units: a ReLU that is negative on every training point has slope 0 on all of them and cannot learn.

One large step is enough: w ← w - η ∂L/∂w can push a unit's line past all the data. There f'(z) = 0, so its
weights receive no gradient and stay where they are; only a layer below that moves can wake it up again.

Here a small network 2-width-…-1 learns a 2-D task by stochastic gradient descent on the logistic loss, and
after each epoch the units with f'(z) = 0 on all points are counted. The same seed gives every activation the
same points, weights and batches, so only the activation differs.

Lu, Shin, Su, Karniadakis, "Dying ReLU and initialization: theory and numerical examples", 2020.
"""

import itertools
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor

Function = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Task:
    """A cloud of two classes; `curve` gives the n points of one class (0 or 1) before the noise."""

    title: str
    note: str
    curve: Callable[[Tensor, int], Tensor]  # (n,) in [0, 1], class -> (n, 2)


@dataclass(frozen=True)
class Points:
    x: Tensor  # (n, 2)
    y: Tensor  # (n,) 0 or 1


@dataclass(frozen=True)
class Net:
    """Weights (out, in) and biases (out,) of each layer; the last one gives the logit."""

    weights: tuple[Tensor, ...]
    biases: tuple[Tensor, ...]


@dataclass(frozen=True)
class Epoch:
    """The state after `number` epochs; 0 is before training."""

    number: int
    loss: float
    accuracy: float
    dead: Tensor  # (hidden,) share of dead units in each hidden layer
    diverged: bool  # the loss or a weight is no longer a finite number; training ends here
    net: Net


@dataclass(frozen=True)
class Run:
    """A whole training, epoch by epoch (E + 1,)."""

    loss: Tensor
    accuracy: Tensor
    dead: Tensor  # (E + 1, hidden)
    diverged_at: int | None
    net: Net = field(repr=False)  # the last one that was finite
    nets: Net = field(repr=False)  # the finite ones, one after the other: weights (E', out, in)

    def at(self, epoch: int) -> Net:
        """The net after so many epochs; after the last finite one nothing new comes."""
        i = min(epoch, len(self.nets.weights[0]) - 1)
        return Net(tuple(w[i] for w in self.nets.weights), tuple(b[i] for b in self.nets.biases))


def _moons(t: Tensor, label: int) -> Tensor:
    x, y = torch.cos(math.pi * t), torch.sin(math.pi * t)
    return torch.stack([0.5 - x, 0.25 - y] if label else [x - 0.5, y - 0.25], dim=1)


def _circles(t: Tensor, label: int) -> Tensor:
    radius = 0.5 if label else 1.0
    return radius * torch.stack([torch.cos(2 * math.pi * t), torch.sin(2 * math.pi * t)], dim=1)


def _spirals(t: Tensor, label: int) -> Tensor:
    angle, radius = 3 * math.pi * t + math.pi * label, 0.15 + 1.1 * t
    return torch.stack([radius * torch.cos(angle), radius * torch.sin(angle)], dim=1)


TASKS: dict[str, Task] = {
    "moons": Task("Two moons", "Nearly separable by a line; a curve does it.", _moons),
    "circles": Task("Circles", "One class inside the other: a closed boundary is needed.", _circles),
    "spirals": Task("Spirals", "Two arms wound around each other: the hardest of the three.", _spirals),
}


def points(task: str, n: int = 256, noise: float = 0.1, seed: int = 0, device: str = "cpu") -> Points:
    """n points, half of each class, all within about ±1.5."""
    if task not in TASKS:
        raise ValueError(f"There is no task {task!r}; choose one of {', '.join(TASKS)}.")
    if n < 2 or n % 2:
        raise ValueError(f"The number of points must be even and at least 2, not {n}.")
    if not 0 <= noise < math.inf:
        raise ValueError(f"The noise must be finite and not negative, not {noise}.")
    random = torch.Generator().manual_seed(seed)
    t = torch.rand(2, n // 2, generator=random)
    x = torch.cat([TASKS[task].curve(t[label], label) for label in (0, 1)])
    x = x + noise * torch.randn(n, 2, generator=random)
    y = torch.arange(2).repeat_interleave(n // 2).to(x.dtype)
    return Points(x.to(device), y.to(device))


def init(width: int = 32, hidden: int = 2, seed: int = 0, device: str = "cpu") -> Net:
    """Kaiming normal weights, N(0, 2/n_in), and biases 0."""
    if width < 1 or hidden < 1:
        raise ValueError(f"Width and number of hidden layers must be at least 1, not {width} and {hidden}.")
    random = torch.Generator().manual_seed(seed)
    sizes = [2, *[width] * hidden, 1]
    weights = tuple(
        (torch.randn(out, n_in, generator=random) * math.sqrt(2 / n_in)).to(device)
        for n_in, out in itertools.pairwise(sizes)
    )
    return Net(weights, tuple(torch.zeros(out, device=device) for out in sizes[1:]))


def logits(f: Function, net: Net, x: Tensor) -> Tensor:
    """The network's answer at x (n, 2): log-odds of class 1, (n,)."""
    for w, b in zip(net.weights[:-1], net.biases, strict=False):
        x = f(torch.nn.functional.linear(x, w, b))
    return torch.nn.functional.linear(x, net.weights[-1], net.biases[-1]).squeeze(1)


def loss(logit: Tensor, y: Tensor) -> Tensor:
    """Mean of -log p(y): log(1 + e^s) - y s for the logit s."""
    return (torch.nn.functional.softplus(logit) - y * logit).mean()


def train(
    f: Function,
    data: Points,
    lr: float,
    epochs: int = 200,
    width: int = 32,
    hidden: int = 2,
    batch_size: int | None = None,
    seed: int = 0,
) -> Iterator[Epoch]:
    """Yield the state before training and after each epoch; batch_size None takes all points at once."""
    n = len(data.y)
    if not 0 < lr < math.inf:
        raise ValueError(f"The learning rate must be a finite number above 0, not {lr}.")
    if epochs < 0:
        raise ValueError(f"The number of epochs must not be negative, not {epochs}.")
    if batch_size is not None and not 1 <= batch_size <= n:
        raise ValueError(f"The batch size must lie between 1 and the {n} points, not {batch_size}.")
    net = init(width, hidden, seed, str(data.x.device))
    return _epochs(f, data, lr, epochs, net, batch_size or n, torch.Generator().manual_seed(seed))


def collect(epochs: Iterable[Epoch]) -> Run:
    """The curves of a training."""
    seen = list(epochs)
    diverged_at = seen[-1].number if seen[-1].diverged else None
    finite = [e for e in seen if not e.diverged] or seen
    return Run(
        torch.tensor([e.loss for e in seen]),
        torch.tensor([e.accuracy for e in seen]),
        torch.stack([e.dead for e in seen]),
        diverged_at,
        finite[-1].net,
        Net(
            tuple(torch.stack(w) for w in zip(*(e.net.weights for e in finite), strict=True)),
            tuple(torch.stack(b) for b in zip(*(e.net.biases for e in finite), strict=True)),
        ),
    )


def decision(f: Function, net: Net, reach: float = 1.8, size: int = 80) -> Tensor:
    """P(class 1) on a grid over [-reach, reach]²: (size, size), rows are y upwards, columns are x."""
    axis = torch.linspace(-reach, reach, size, device=net.weights[0].device)
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    with torch.no_grad():
        return torch.sigmoid(logits(f, net, torch.stack([x, y], dim=-1).view(-1, 2))).view(size, size)


def _epochs(
    f: Function, data: Points, lr: float, epochs: int, net: Net, batch_size: int, random: torch.Generator
) -> Iterator[Epoch]:
    for number in range(epochs + 1):
        if number:
            net = _descend(f, net, data, lr, batch_size, random)
        snapshot = _observe(f, net, data, number)
        yield snapshot
        if snapshot.diverged:
            return


def _descend(f: Function, net: Net, data: Points, lr: float, batch_size: int, random: torch.Generator) -> Net:
    """One pass over the data in random order, w ← w - lr · ∂loss/∂w after each batch."""
    order = torch.randperm(len(data.y), generator=random).to(data.y.device)
    parameters = [p.clone().requires_grad_() for p in (*net.weights, *net.biases)]
    half = len(net.weights)
    net = Net(tuple(parameters[:half]), tuple(parameters[half:]))
    for x, y in zip(data.x[order].split(batch_size), data.y[order].split(batch_size), strict=True):
        with torch.enable_grad():
            value = loss(logits(f, net, x), y)
        # The layers below an activation without a graph, such as a step, get no gradient at all: 0.
        gradients = torch.autograd.grad(value, parameters, materialize_grads=True)
        with torch.no_grad():
            for p, g in zip(parameters, gradients, strict=True):
                p.sub_(g, alpha=lr)
    return Net(tuple(p.detach() for p in net.weights), tuple(p.detach() for p in net.biases))


def census(f: Function, net: Net, x: Tensor) -> tuple[Tensor, Tensor]:
    """Share of units with f'(z) = 0 on every point, for each hidden layer (hidden,), and the logits (n,)."""
    shares = []
    for w, b in zip(net.weights[:-1], net.biases, strict=False):
        with torch.enable_grad():
            z = torch.nn.functional.linear(x, w, b).detach().requires_grad_()
            y = f(z)
            slope = torch.autograd.grad(y.sum(), z)[0] if y.requires_grad else torch.zeros_like(z)
        shares.append((slope == 0).all(dim=0).double().mean())
        x = y.detach()
    return torch.stack(shares), torch.nn.functional.linear(x, net.weights[-1], net.biases[-1]).squeeze(1)


def _observe(f: Function, net: Net, data: Points, number: int) -> Epoch:
    shares, logit = census(f, net, data.x)
    value = loss(logit, data.y).item()
    finite = math.isfinite(value) and all(bool(p.isfinite().all()) for p in (*net.weights, *net.biases))
    accuracy = ((logit > 0) == (data.y > 0.5)).double().mean().item()
    return Epoch(number, value, accuracy, shares, not finite, net)
