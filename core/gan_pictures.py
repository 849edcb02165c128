r"""A GAN of pictures of 28 × 28: G unfolds noise into a picture by transposed convolutions, D folds it up again.

    G: noise and class → linear → 7×7 → 14×14 → 28×28          D: 28×28 → 14×14 → 7×7 → one number

Both are small, so that one can watch them learn on a processor. Each layer of D is divided by its largest singular
value (spectral normalisation: Miyato et al. 2018), each pixel of G's maps is scaled to length 1 (Karras et al. 2018):
nothing is shared within a batch, so a picture depends on its own noise alone. D is told the class, too: the product
of the class's vector with D's last maps is added to its answer (projection: Miyato & Koyama 2018).

A state is a value that is never changed: it can be kept, gone back to and branched from. The random numbers of a round
depend on the seed and the number of the round alone. Radford et al., "Unsupervised representation learning with deep
convolutional generative adversarial networks", 2016.
"""

import base64
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

NOISE, KINDS = 16, 10
G_MAPS, D_MAPS = (48, 24), (24, 48)  # channels at 7×7 and 14×14; at 14×14 and 7×7
ROWS, JUDGED = 10, 250  # rows of samples that are shown, a column for each class; how many are measured
Shapes = Mapping[str, tuple[int, ...]]
G_SHAPES: dict[str, tuple[int, ...]] = {
    "first": (G_MAPS[0] * 49, NOISE), "first.class": (G_MAPS[0] * 49, KINDS), "first.bias": (G_MAPS[0] * 49,),
    "up1": (G_MAPS[0], G_MAPS[1], 4, 4), "up1.bias": (G_MAPS[1],),
    "up2": (G_MAPS[1], 1, 4, 4), "up2.bias": (1,)}  # fmt: skip
D_SHAPES: dict[str, tuple[int, ...]] = {
    "down1": (D_MAPS[0], 1, 4, 4), "down1.bias": (D_MAPS[0],),
    "down2": (D_MAPS[1], D_MAPS[0], 4, 4), "down2.bias": (D_MAPS[1],),
    "last": (1, D_MAPS[1] * 49), "last.bias": (1,), "class": (KINDS, D_MAPS[1] * 49)}  # fmt: skip
BOUND = ("down1", "down2", "last", "class")
# Every setting that may change during a run, and what it is where nothing else is said; the loss has no default.
SETTINGS: dict[str, Any] = {"lr_g": 1e-3, "lr_d": 1e-3, "batch": 32, "smooth": 0.0, "noise": 0.0, "ema": 0.99,
                            "penalty": 1.0, "r1": 0.0}  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """What cannot change during a run."""

    album: Any  # album.sample(n, random) -> pictures (n, 28, 28) in 0..1, and their classes (n,)
    classes: bool  # whether both networks are told the class
    seed: int


@dataclass(frozen=True)
class Memory:
    """What Adam keeps: running means of the gradient and of its square, and how often it stepped."""

    m: Tensor
    v: Tensor
    t: int = 0


@dataclass(frozen=True)
class State:
    plan: Plan = field(repr=False)
    step: int
    g: Tensor = field(repr=False)
    d: Tensor = field(repr=False)
    g_memory: Memory = field(repr=False)
    d_memory: Memory = field(repr=False)
    average: Tensor = field(repr=False)  # of G's weights over the rounds (EMA)
    u: tuple[Tensor, ...] = field(repr=False)  # leading left singular vectors of D's layers
    told: tuple[Tensor, ...] = ()  # L_D, L_G and the norms of their gradients in the last round

    @property
    def finite(self) -> bool:
        return math.isfinite(float(self.g.sum() + self.d.sum()))


def chance(seed: int, step: int) -> torch.Generator:
    """The random numbers of one round: its number is stirred into the seed (the finaliser of MurmurHash3)."""
    h = (seed * 0x9E3779B97F4A7C15 + step + 1) & (2**64 - 1)
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        h = ((h ^ (h >> 33)) * factor) & (2**64 - 1)
    return torch.Generator().manual_seed((h ^ (h >> 33)) >> 1)


def parts(flat: Tensor, shapes: Shapes) -> dict[str, Tensor]:
    """The weights by name, as views of one vector."""
    cut = flat.split([math.prod(s) for s in shapes.values()])
    return {name: p.view(s) for (name, s), p in zip(shapes.items(), cut, strict=True)}


def unit(x: Tensor) -> Tensor:
    """Each pixel's channels of (N, C, H, W) to a mean square of 1."""
    return x * (x.square().mean(1, keepdim=True) + 1e-8).rsqrt()


def generate(g: Tensor, z: Tensor, mix: Tensor | None = None) -> Tensor:
    """Noise (n, 16), and shares of the classes (n, 10) where G is told -> pictures (n, 28, 28) in 0..1."""
    w = parts(g, G_SHAPES)
    x = F.linear(z, w["first"], w["first.bias"])
    if mix is not None:
        x = x + F.linear(mix, w["first.class"])
    x = unit(F.leaky_relu(x, 0.2).view(-1, G_MAPS[0], 7, 7))
    x = unit(F.leaky_relu(F.conv_transpose2d(x, w["up1"], w["up1.bias"], 2, 1), 0.2))
    return F.conv_transpose2d(x, w["up2"], w["up2.bias"], 2, 1).sigmoid()[:, 0]


def judge(d: Tensor, u: Sequence[Tensor], pictures: Tensor, mix: Tensor | None = None) -> Tensor:
    """The logits (n,) of D."""
    w = bounded(parts(d, D_SHAPES), u)
    x = F.leaky_relu(F.conv2d(2 * pictures[:, None] - 1, w["down1"], w["down1.bias"], 2, 1), 0.2)
    x = F.leaky_relu(F.conv2d(x, w["down2"], w["down2.bias"], 2, 1), 0.2).flatten(1)
    logits = F.linear(x, w["last"], w["last.bias"])[:, 0]
    return logits if mix is None else logits + ((mix @ w["class"]) * x).sum(1)


def bounded(w: dict[str, Tensor], u: Sequence[Tensor]) -> dict[str, Tensor]:
    """Each layer divided by its largest singular value, |Wᵀu|."""
    made = dict(w)
    for name, left in zip(BOUND, u, strict=True):
        flat = w[name].flatten(1)
        right = F.normalize(flat.detach().T @ left, dim=0)
        made[name] = w[name] / (left @ flat @ right).clamp(min=1e-6)
    return made


def power_iteration(d: Tensor, u: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """One step towards the leading left singular vector of each layer of D."""
    w = parts(d, D_SHAPES)
    return tuple(F.normalize(w[n].flatten(1) @ (w[n].flatten(1).T @ old), dim=0)
                 for n, old in zip(BOUND, u, strict=True))  # fmt: skip


def begun(album: Any, classes: bool, seed: int, g: Tensor, d: Tensor) -> State:
    """Step 0 with these weights, the memories of Adam empty."""
    w = parts(d, D_SHAPES)
    u = tuple(torch.linalg.svd(w[n].flatten(1), full_matrices=False).U[:, 0] for n in BOUND)
    of_g, of_d = (Memory(torch.zeros_like(x), torch.zeros_like(x)) for x in (g, d))
    return State(Plan(album, classes, seed), 0, g, d, of_g, of_d, g, u, (torch.tensor(math.nan),) * 4)


def untrained(album: Any, classes: bool = True, seed: int = 0) -> State:
    """Weights N(0, 2 / n_in), biases 0; the classes as far apart as the noise is wide."""
    random, made = chance(seed, -1), []
    for shapes in (G_SHAPES, D_SHAPES):
        flat = []
        for name, shape in shapes.items():
            # a pixel of a doubled map sees a quarter of the 4 × 4 squares
            n_in = shape[0] * 4 if name.startswith("up") else math.prod(shape[1:])
            spread = {"bias": 0.0, "class": 1.0}.get(name.partition(".")[2], math.sqrt(2 / n_in))
            flat.append(spread * torch.randn(math.prod(shape), generator=random))
        made.append(torch.cat(flat))
    return begun(album, classes, seed, *made)


def adam(w: Tensor, grad: Tensor, memory: Memory, lr: float, beta1: float = 0.5,
         beta2: float = 0.99) -> tuple[Tensor, Memory]:  # fmt: skip
    """One step of Adam."""
    t = memory.t + 1
    m, v = torch.lerp(grad, memory.m, beta1), torch.lerp(grad * grad, memory.v, beta2)
    root = (v / (1 - beta2**t)).sqrt() + 1e-8
    return w - lr / (1 - beta1**t) * m / root, Memory(m, v, t)


def steepness(critic: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """|∂D/∂x| (n,) of each picture, to be derived further."""
    x = x.detach().requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (slope.square().sum((1, 2)) + 1e-12).sqrt()


def penalty(critic: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, how: Mapping[str, Any],
            random: torch.Generator) -> Tensor | float:  # fmt: skip
    """What the slope of D costs: it is to be 1 between fake and real ones (WGAN-GP: Gulrajani et al. 2017), or to be 0
    at the real ones (R1: Mescheder et al. 2018)."""
    cost: Tensor | float = 0.0
    if how["loss"].penalised:
        between = torch.lerp(fake, real, torch.rand(len(real), 1, 1, generator=random))
        cost = cost + how["penalty"] * (steepness(critic, between) - 1).square().mean()
    if how["r1"]:
        cost = cost + how["r1"] / 2 * steepness(critic, real).square().mean()
    return cost


def step(state: State, settings: Mapping[str, Any]) -> State:
    """One round: D learns, then G, on the classes of the same batch."""
    how, plan, random = {**SETTINGS, **settings}, state.plan, chance(state.plan.seed, state.step)
    loss, n = how["loss"], how["batch"]
    real, classes = plan.album.sample(n, random)
    mix = F.one_hot(classes, KINDS).float() if plan.classes else None
    with torch.no_grad():
        fake = generate(state.g, torch.randn(n, NOISE, generator=random), mix)
    shown = torch.cat([real, fake])
    if how["noise"]:  # instance noise
        shown = shown + how["noise"] * torch.randn(shown.shape, generator=random)
    u, d = power_iteration(state.d, state.u), state.d.detach().requires_grad_()
    on_real, on_fake = judge(d, u, shown, None if mix is None else torch.cat([mix, mix])).split(n)
    loss_d = loss.real(on_real, 1 - how["smooth"]) + loss.fake(on_fake)
    dear = penalty(lambda x: judge(d, u, x, mix), real, fake, how, random)
    (grad_d,) = torch.autograd.grad(loss_d + dear, d)
    after_d, d_memory = adam(state.d, grad_d, state.d_memory, how["lr_d"])

    g = state.g.detach().requires_grad_()
    fake = generate(g, torch.randn(n, NOISE, generator=random), mix)
    if how["noise"]:
        fake = fake + how["noise"] * torch.randn(fake.shape, generator=random)
    loss_g = loss.generator(judge(after_d, u, fake, mix))
    (grad_g,) = torch.autograd.grad(loss_g, g)
    after_g, g_memory = adam(state.g, grad_g, state.g_memory, how["lr_g"])
    average = torch.lerp(after_g, state.average, how["ema"]) if how["ema"] else after_g
    told = (loss_d.detach(), loss_g.detach(), grad_d.norm(), grad_g.norm())
    return State(plan, state.step + 1, after_g, after_d, g_memory, d_memory, average, u, told)


# --- what is looked at ---


def samples(g: Tensor, seed: int = 0, classes: bool = True, n: int = JUDGED) -> Tensor:
    """(n, 28, 28) of the same noise at every step; where G is told the class, column k of ten is asked to be k."""
    z = torch.randn(JUDGED, NOISE, generator=chance(seed, -2))[:n]
    with torch.no_grad():
        return generate(g, z, F.one_hot(torch.arange(n) % KINDS, KINDS).float() if classes else None)


def between(x: Tensor, y: Tensor, seed: int = 0) -> Tensor:
    """Noise (n, 16) at the places x, y (n,) in 0..1 of a square with a noise of its own at each corner.

    The squares of the four shares add up to 1: so each place is as likely a noise as the corners are.
    """
    corners = torch.randn(4, NOISE, generator=chance(seed, -3))
    share = torch.stack([(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y], 1)
    return share / share.norm(dim=1, keepdim=True) @ corners


def walk(g: Tensor, x: Tensor, y: Tensor, seed: int = 0, left: int = -1, right: int = -1) -> Tensor:
    """The pictures (n, 28, 28) there; from left to right one class turns into another one, where G is told any."""
    mix = torch.zeros(len(x), KINDS)
    if left >= 0:
        mix[:, left] += 1 - x
        mix[:, right] += x
    with torch.no_grad():
        return generate(g, between(x, y, seed), mix if left >= 0 else None)


# --- weights as text, so that a script can carry them along ---


def in_text(numbers: Tensor) -> str:
    """Numbers as text: in 16 bits where that loses nothing, else in 32."""
    short = numbers.half()
    kept = short if torch.equal(short.float(), numbers) else numbers.float()
    return ("h" if kept is short else "f") + base64.b85encode(kept.flatten().numpy().tobytes()).decode()


def out_of_text(text: str, width: int = 0) -> Tensor:
    """The numbers of such a text, in one row, or in rows of `width`."""
    kind = {"h": torch.float16, "f": torch.float32}[text[0]]
    numbers = torch.frombuffer(bytearray(base64.b85decode(text[1:])), dtype=kind).float()
    return numbers.reshape(-1, width) if width else numbers
