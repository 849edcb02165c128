r"""A GAN in the plane: G turns noise z into points, D tells them from the data, and each learns from the other.

    one round: D takes `d_steps` steps on real and fake batches, G frozen; then G takes `g_steps` through D, frozen.

All weights of a network lie in one vector, so that an optimizer step is a handful of operations, and nothing is changed
in place: a state is a value that can be kept, gone back to and branched from. The random numbers of a round depend on
the seed and the number of the round alone, so a run is the same whenever and beside whatever it is computed.

Goodfellow et al., "Generative adversarial networks", 2014.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import leaky_relu, linear, normalize, silu

BENDS: dict[str, Callable[[Tensor], Tensor]] = {
    "leaky_relu": lambda x: leaky_relu(x, 0.2),
    "relu": torch.relu,
    "tanh": torch.tanh,
    "silu": silu,
}
REACH, SIDE, SHOWN, PULLED, MESH = 1.6, 40, 512, 96, 15


@dataclass(frozen=True)
class Memory:
    """What an optimizer keeps: running means of the gradient and of its square, and how often it stepped."""

    m: Tensor
    v: Tensor
    t: int = 0


@dataclass(frozen=True)
class Plan:
    """What cannot change during a run."""

    cloud: Any  # of core.clouds: cloud.sample(n, random) -> (n, 2)
    g_sizes: tuple[int, ...]
    d_sizes: tuple[int, ...]
    bend: str
    spectral: bool
    normal: bool  # the noise: N(0, 1), or uniform in ±1
    seed: int


@dataclass(frozen=True)
class State:
    plan: Plan = field(repr=False)
    step: int
    g: Tensor = field(repr=False)
    d: Tensor = field(repr=False)
    g_memory: Memory = field(repr=False)
    d_memory: Memory = field(repr=False)
    average: Tensor = field(repr=False)  # of G's weights over the rounds (EMA)
    u: tuple[Tensor, ...] = field(repr=False)  # leading singular vectors of D's weights, for the spectral norm
    told: tuple[Tensor, ...] = ()  # L_D, L_G and the norms of their gradients in the last round

    @property
    def finite(self) -> bool:
        return math.isfinite(float(self.g.sum() + self.d.sum()))


@dataclass(frozen=True)
class Snapshot:
    """What may be drawn of a state."""

    step: int
    real: Tensor  # (n, 2), the same at every step
    fake: Tensor  # (n, 2), of the same noise at every step
    logits: Tensor  # (SIDE + 1, SIDE + 1) over ±REACH, rows are y
    mesh: Tensor  # (lines, points, 2): lines of equal noise
    at: Tensor  # (PULLED, 2) some of the fakes
    pull: Tensor  # (PULLED, 2) where G's loss pulls them: -∂D-term/∂x, as the logit says
    loss_d: float
    loss_g: float
    grad_d: float
    grad_g: float


def chance(seed: int, step: int) -> torch.Generator:
    """The random numbers of one round: its number is stirred into the seed (the finaliser of MurmurHash3)."""
    h = (seed * 0x9E3779B97F4A7C15 + step + 1) & (2**64 - 1)
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        h = ((h ^ (h >> 33)) * factor) & (2**64 - 1)
    return torch.Generator().manual_seed((h ^ (h >> 33)) >> 1)


def pieces(flat: Tensor, sizes: Sequence[int]) -> list[Tensor]:
    """The weights (out, in) and biases (out,) in turn, as views of one vector."""
    shapes = [s for a, b in itertools.pairwise(sizes) for s in ((b, a), (b,))]
    return [p.view(s) for p, s in zip(flat.split([math.prod(s) for s in shapes]), shapes, strict=True)]


def network(flat: Tensor, sizes: Sequence[int], bend: str, x: Tensor, u: Sequence[Tensor] = ()) -> Tensor:
    """A multilayer perceptron; with `u` each weight is divided by its largest singular value |Wᵀu|."""
    weights = pieces(flat, sizes)
    for i in range(0, len(weights), 2):
        w = weights[i]
        if u:
            v = normalize(w.detach().T @ u[i // 2], dim=0)
            w = w / (u[i // 2] @ w @ v).clamp(min=1e-6)
        x = linear(x, w, weights[i + 1])
        if i + 2 < len(weights):
            x = BENDS[bend](x)
    return x


def power_iteration(flat: Tensor, sizes: Sequence[int], u: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """One step towards the leading left singular vector of each weight (Miyato et al. 2018)."""
    return tuple(normalize(w @ (w.T @ old), dim=0) for w, old in zip(pieces(flat, sizes)[::2], u, strict=True))


def noise(plan: Plan, n: int, random: torch.Generator) -> Tensor:
    size = (n, plan.g_sizes[0])
    return torch.randn(size, generator=random) if plan.normal else 2 * torch.rand(size, generator=random) - 1


def generate(state: State, z: Tensor, averaged: bool = False) -> Tensor:
    return network(state.average if averaged else state.g, state.plan.g_sizes, state.plan.bend, z)


def judge(state: State, x: Tensor) -> Tensor:
    """The logits (n,) of D."""
    return network(state.d, state.plan.d_sizes, state.plan.bend, x, state.u)[:, 0]


def init(cloud: Any, g_layers: int = 2, g_width: int = 32, d_layers: int = 2, d_width: int = 32,
         bend: str = "leaky_relu", spectral: bool = False, z_dim: int = 2, normal: bool = True,
         seed: int = 0) -> State:  # fmt: skip
    """Weights N(0, 2 / n_in), biases 0."""
    if bend not in BENDS:
        raise ValueError(f"There is no activation {bend!r}; choose one of {', '.join(BENDS)}.")
    if min(g_width, d_width, z_dim) < 1 or min(g_layers, d_layers) < 0:
        raise ValueError("Widths and the dimension of the noise must be at least 1, layers at least 0.")
    sizes = (z_dim, *[g_width] * g_layers, 2), (2, *[d_width] * d_layers, 1)
    plan = Plan(cloud, *sizes, bend, spectral, normal, seed)
    random = chance(seed, -1)
    made = []
    for each in sizes:
        parts = []
        for a, b in itertools.pairwise(each):
            parts += [(torch.randn(b, a, generator=random) * math.sqrt(2 / a)).flatten(), torch.zeros(b)]
        made.append(torch.cat(parts))
    g, d = made
    u = tuple(normalize(torch.randn(b, generator=random), dim=0) for b in plan.d_sizes[1:]) if spectral else ()
    of_g, of_d = (Memory(torch.zeros_like(w), torch.zeros_like(w)) for w in made)
    return State(plan, 0, g, d, of_g, of_d, g, u, (torch.tensor(math.nan),) * 4)


def moved(w: Tensor, grad: Tensor, memory: Memory, rule: str, lr: float, beta1: float) -> tuple[Tensor, Memory]:
    """One step of an optimizer, as torch.optim has it (Adam with β₂ = 0.999, RMSprop with α = 0.99)."""
    t = memory.t + 1
    if rule == "sgd":
        m = beta1 * memory.m + grad
        return w - lr * m, Memory(m, memory.v, t)
    if rule == "rmsprop":
        v = 0.99 * memory.v + 0.01 * grad * grad
        return w - lr * grad / (v.sqrt() + 1e-8), Memory(memory.m, v, t)
    if rule != "adam":
        raise ValueError(f"There is no rule {rule!r}; choose sgd, rmsprop or adam.")
    m, v = torch.lerp(grad, memory.m, beta1), torch.lerp(grad * grad, memory.v, 0.999)
    root = (v / (1 - 0.999**t)).sqrt() + 1e-8
    return w - lr / (1 - beta1**t) * m / root, Memory(m, v, t)


def step(state: State, settings: Mapping[str, Any]) -> State:
    """One round: D learns, then G."""
    how, plan = {**SETTINGS, **settings}, state.plan
    random = chance(plan.seed, state.step)
    for _turn in range(how["d_steps"]):
        state = learn_to_judge(state, how, random)
    for _turn in range(how["g_steps"]):
        state = learn_to_fool(state, how, random)
    return replace(state, step=state.step + 1)


def shown_to_d(state: State, how: Mapping[str, Any], random: torch.Generator) -> tuple[Tensor, Tensor]:
    """The batches (n, 2) that D is told are real and fake."""
    plan, n = state.plan, how["batch"]
    real = plan.cloud.sample(n, random)
    fake = generate(state, noise(plan, n, random))
    if how["noise"]:  # instance noise: both clouds are blurred, so that they overlap
        real, fake = (x + how["noise"] * torch.randn(n, 2, generator=random) for x in (real, fake))
    if how["flip"]:  # noisy labels: some of the points trade places
        traded = torch.rand(n, 1, generator=random) < how["flip"]
        real, fake = torch.where(traded, fake, real), torch.where(traded, real, fake)
    return real, fake


def learn_to_judge(state: State, how: Mapping[str, Any], random: torch.Generator) -> State:
    """D's step, with G frozen: towards real, away from fake."""
    plan, loss, n = state.plan, how["loss"], how["batch"]
    real, fake = shown_to_d(state, how, random)
    u = power_iteration(state.d, plan.d_sizes, state.u) if state.u else ()
    d = state.d.detach().requires_grad_()

    def critic(x: Tensor) -> Tensor:
        return network(d, plan.d_sizes, plan.bend, x, u)[:, 0]

    on_real, on_fake = critic(torch.cat([real, fake])).split(n)
    total = value = loss.real(on_real, 1 - how["smooth"]) + loss.fake(on_fake)
    if loss.penalised:
        total = total + how["penalty"] * two_sided(critic, real, fake, torch.rand(n, 1, generator=random))
    if how["r1"]:
        total = total + how["r1"] * half_square(critic, real)
    (grad,) = torch.autograd.grad(total, d)
    after, memory = moved(state.d.detach(), grad, state.d_memory, how["rule"], how["lr_d"], how["beta1"])
    if loss.clips:
        after = after.clamp(-how["clip"], how["clip"])
    told = (value.detach(), state.told[1], grad.norm(), state.told[3])
    return replace(state, d=after, d_memory=memory, u=u, told=told)


def learn_to_fool(state: State, how: Mapping[str, Any], random: torch.Generator) -> State:
    """G's step, with D frozen: its fakes are to be taken for real."""
    plan, g = state.plan, state.g.detach().requires_grad_()
    fake = network(g, plan.g_sizes, plan.bend, noise(plan, how["batch"], random))
    if how["noise"]:
        fake = fake + how["noise"] * torch.randn(fake.shape, generator=random)
    value = how["loss"].generator(judge(state, fake))
    (grad,) = torch.autograd.grad(value, g)
    after, memory = moved(g.detach(), grad, state.g_memory, how["rule"], how["lr_g"], how["beta1"])
    average = torch.lerp(after, state.average, how["ema"]) if how["ema"] else after
    told = (state.told[0], value.detach(), state.told[2], grad.norm())
    return replace(state, g=after, g_memory=memory, average=average, told=told)


def slopes(critic: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """∂D/∂x at each point, to be derived further."""
    x = x.detach().requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return slope


def two_sided(critic: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, t: Tensor) -> Tensor:
    """WGAN-GP: E (|∂D/∂x| - 1)² at points between fake and real ones, t (n, 1) of the way (Gulrajani et al. 2017)."""
    slope = slopes(critic, fake + t * (real - fake))
    return ((slope.square().sum(1) + 1e-12).sqrt() - 1).square().mean()


def half_square(critic: Callable[[Tensor], Tensor], real: Tensor) -> Tensor:
    """R1: ½ E |∂D/∂x|² at the real points (Mescheder et al. 2018)."""
    return 0.5 * slopes(critic, real).square().sum(1).mean()


@dataclass(frozen=True)
class Round:
    """One round in slow motion: what `step` does, and what it saw on its way. Logits are (n,) of D at the points."""

    before: State
    judged: State  # D has learnt, G has not
    after: State  # what step(before) returns
    real: Tensor  # (n, 2), D's last batch
    fake: Tensor
    on_real: Tensor  # logits before D's last step, and after it
    on_fake: Tensor
    on_real_then: Tensor
    on_fake_then: Tensor
    old: Tensor  # (n, 2), G's own batch before its step
    new: Tensor  # the same noise after it
    push: Tensor  # (n, 2): -∂L_G/∂x of each of them, times n: where it would like to go


def slow_round(state: State, longer: float = 1.0, **settings: Any) -> Round:
    """One round, its steps `longer` than the rates say, so that one sees what they do."""
    how, plan = {**SETTINGS, **settings}, state.plan
    how |= {"lr_g": longer * how["lr_g"], "lr_d": longer * how["lr_d"]}
    random, judged = chance(plan.seed, state.step), state
    for _turn in range(how["d_steps"]):
        start = judged
        real, fake = shown_to_d(start, how, _copy(random))
        judged = learn_to_judge(start, how, random)
    z = noise(plan, how["batch"], _copy(random))
    after = replace(learn_to_fool(judged, how, random), step=state.step + 1)
    old = generate(state, z).detach().requires_grad_()
    (slope,) = torch.autograd.grad(how["loss"].generator(judge(judged, old)) * len(old), old)
    with torch.no_grad():
        on_real, on_fake = judge(start, real), judge(start, fake)
        on_real_then, on_fake_then = judge(judged, real), judge(judged, fake)
        new = generate(after, z)
    return Round(state, judged, after, real, fake, on_real, on_fake, on_real_then, on_fake_then,
                 old.detach(), new, -slope)  # fmt: skip


def _copy(random: torch.Generator) -> torch.Generator:
    """The same numbers once more."""
    twin = torch.Generator()
    twin.set_state(random.get_state())
    return twin


@dataclass(frozen=True)
class RoundNumbers:
    """What a round changed: the losses on its own batches, and D's mean answers σ(s) there."""

    loss_d: float
    loss_d_then: float
    loss_g: float
    loss_g_then: float
    real: float
    real_then: float
    fake: float
    fake_then: float


def round_numbers(of: Round, loss: Any) -> RoundNumbers:
    """The losses of D without smoothing and penalties; those of G under the D that has learnt."""
    with torch.no_grad():
        values = [loss.real(of.on_real, 1.0) + loss.fake(of.on_fake),
                  loss.real(of.on_real_then, 1.0) + loss.fake(of.on_fake_then),
                  *(loss.generator(judge(of.judged, x)) for x in (of.old, of.new)),
                  *(s.sigmoid().mean() for s in (of.on_real, of.on_real_then)),
                  *(s.sigmoid().mean() for s in (of.on_fake, of.on_fake_then))]  # fmt: skip
    return RoundNumbers(*map(float, values))


# Every setting that may change during a run, and what it is where nothing else is said; the loss has no default.
SETTINGS: dict[str, Any] = {
    "lr_g": 1e-3, "lr_d": 1e-3, "rule": "adam", "beta1": 0.5, "d_steps": 1, "g_steps": 1, "batch": 128, "clip": 0.1,
    "penalty": 1.0, "r1": 0.0, "smooth": 0.0, "flip": 0.0, "noise": 0.0, "ema": 0.0,
}  # fmt: skip


def rounds(state: State, steps: int, settings: Mapping[str, Any]) -> Iterator[State]:
    """The state after each of so many rounds; it ends early where the numbers are lost."""
    for _i in range(steps):
        state = step(state, settings)
        if not state.finite:
            return
        yield state


def train(start: State, steps: int, kept: int = 32, **settings: Any) -> list[State]:
    """The start and about `kept` states on the way, the last one included."""
    every, found = max(1, steps // kept), [start]
    last = start
    for last in rounds(start, steps, settings):
        if last.step % every == 0:
            found.append(last)
    return found if found[-1] is last else [*found, last]


def after_rounds(start: State, steps: int, **settings: Any) -> State:
    """The state after so many rounds, or the last one with finite numbers."""
    last = start
    for last in rounds(start, steps, settings):  # noqa: B007
        pass
    return last


def mesh_of(plan: Plan) -> Tensor:
    """(lines, points, z) of noise: a grid whose cells are equally likely; for one dimension a single line."""
    u = torch.linspace(0.01, 0.99, 60)
    along = torch.special.ndtri(u) if plan.normal else 2 * u - 1
    if plan.g_sizes[0] == 1:
        return along[None, :, None]
    at = along[torch.linspace(0, 59, MESH).long()]
    across = torch.stack(torch.broadcast_tensors(at[:, None], along), -1)
    return torch.cat([across, across.flip(-1)])


def grid() -> Tensor:
    """(cells², 2): the points at which D is drawn."""
    at = torch.linspace(-REACH, REACH, SIDE + 1)
    return torch.stack(torch.meshgrid(at, at, indexing="xy"), -1).reshape(-1, 2)


def observe(state: State) -> Snapshot:
    """The same noise and the same real points at every step, so that what moves is what was learnt."""
    plan, random = state.plan, chance(state.plan.seed, -2)
    real, z = plan.cloud.sample(SHOWN, random), noise(plan, SHOWN, random)
    with torch.no_grad():
        fake, lines = generate(state, z, True), mesh_of(plan)
        mesh = generate(state, lines.flatten(0, 1), True).unflatten(0, lines.shape[:2])
        logits = judge(state, grid()).reshape(SIDE + 1, SIDE + 1)
    pull = slopes(lambda x: judge(state, x), fake[:PULLED]).detach()
    loss_d, loss_g, grad_d, grad_g = (float(v) for v in state.told)
    return Snapshot(state.step, real, fake, logits, mesh, fake[:PULLED], pull, loss_d, loss_g, grad_d, grad_g)
