r"""A variational autoencoder: pictures become clouds in a small space, and points of that space become pictures.

    picture x → encoder → μ, log σ²;   z = μ + σ⊙ε, ε ~ N(0, 1);   z → decoder → x̂
    loss = −log p(x|z) + β·KL,   KL = Σ_k ½(σ_k² + μ_k² − 1 − log σ_k²), one term for each dimension k

p(x|z) is Bernoulli for each pixel (cross-entropy) or Gaussian about x̂ (squared error). A conditional one is told the
class on both sides. A plain autoencoder has no σ: z = μ, and no KL can be asked of it.

A network is a dict of tensors, read off its shapes: weights of four dimensions convolve, of two are linear layers.
A training is a value, too: its state can be kept, gone back to and branched from.

Kingma & Welling, "Auto-encoding variational Bayes", 2013; Higgins et al., "beta-VAE", 2017.
"""

import base64
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

Weights = Mapping[str, Tensor]
EDGE, CHANNELS = 28, 8


@dataclass(frozen=True)
class Plan:
    """How a network is built."""

    latent: int = 2
    classes: int = 0  # of a conditional one
    plain: bool = False  # an autoencoder without σ
    kind: str = "mlp"  # or "conv"
    hidden: int = 64

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of every weight, in the order in which a picture meets them."""
        if self.kind not in ("conv", "mlp") or min(self.latent, self.hidden) < 1 or self.classes < 0:
            raise ValueError("A plan is 'conv' or 'mlp', with at least one latent and one hidden unit.")
        c, codes = CHANNELS, self.latent if self.plain else 2 * self.latent
        into: list[tuple[int, ...]] = [
            (c, 1, 4, 4),
            (2 * c, c, 4, 4),
            (self.hidden, 2 * c * (EDGE // 4) ** 2),
        ]
        out: list[tuple[int, ...]] = [(2 * c * (EDGE // 4) ** 2, self.hidden), (2 * c, c, 4, 4), (c, 1, 4, 4)]
        if self.kind == "mlp":
            wide = self.hidden * 3 // 2  # few codes need more than one bend on their way to a picture
            into, out = [(self.hidden, EDGE**2)], [(wide, self.hidden), (EDGE**2, wide)]
        into, out = [*into, (codes, self.hidden)], [(self.hidden, self.latent), *out]
        found: dict[str, tuple[int, ...]] = {}
        for side, layers, told in (("encode", into, len(into) - 1), ("decode", out, 0)):
            for i, shape in enumerate(layers):
                units = shape[1] if side == "decode" and len(shape) == 4 else shape[0]
                found |= {f"{side}{i}.weight": shape, f"{side}{i}.bias": (units,)}
                if self.classes and i == told:
                    found[f"{side}{i}.label"] = (units, self.classes)
        return found


@dataclass(frozen=True)
class Terms:
    """The parts of the negative ELBO of each picture, in nats."""

    reconstruction: Tensor  # (N,) −log p(x|z)
    kl: Tensor  # (N, L)

    def loss(self, beta: float = 1.0) -> Tensor:
        """(N,) what training makes small; a KL that is not asked for need not be finite."""
        return self.reconstruction + beta * self.kl.sum(1) if beta else self.reconstruction


# --- the network ---


def latent(net: Weights) -> int:
    """How many dimensions the latent space has."""
    return net["decode0.weight"].shape[1]


def classes(net: Weights) -> int:
    """How many classes a conditional network is told of; 0 for the others."""
    return net["decode0.label"].shape[1] if "decode0.label" in net else 0


def encode(net: Weights, pictures: Tensor, labels: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """(N, 28, 28) in 0..1 -> μ and log σ², (N, L); a plain autoencoder has σ = 0."""
    if pictures.ndim != 3 or pictures.shape[1:] != (EDGE, EDGE):
        raise ValueError(f"Pictures must be (N, {EDGE}, {EDGE}), not {tuple(pictures.shape)}.")
    x, last = pictures[:, None], _count(net, "encode") - 1
    for i in range(last):
        weight, bias = net[f"encode{i}.weight"], net[f"encode{i}.bias"]
        conv = weight.ndim == 4
        x = F.conv2d(x, weight, bias, stride=2, padding=1) if conv else F.linear(x.flatten(1), weight, bias)
        x = F.silu(x)
    codes = F.linear(x.flatten(1), net[f"encode{last}.weight"], net[f"encode{last}.bias"])
    codes = _told(net, f"encode{last}", codes, labels)
    if codes.shape[1] == latent(net):
        return codes, torch.full_like(codes, -math.inf)
    mu, logvar = codes.chunk(2, 1)
    return mu, logvar


def decode(net: Weights, z: Tensor, labels: Tensor | None = None) -> Tensor:
    """(N, L) -> logits (N, 28, 28); their sigmoid is the picture x̂."""
    if z.ndim != 2 or z.shape[1] != latent(net):
        raise ValueError(f"Codes must be (N, {latent(net)}), not {tuple(z.shape)}.")
    x, last = z, _count(net, "decode") - 1
    for i in range(last + 1):
        weight, bias = net[f"decode{i}.weight"], net[f"decode{i}.bias"]
        if weight.ndim == 4:
            x = x if x.ndim == 4 else x.reshape(len(x), weight.shape[0], EDGE // 4, EDGE // 4)
            x = F.conv_transpose2d(x, weight, bias, stride=2, padding=1)
        else:
            x = F.linear(x, weight, bias)
        x = x if i else _told(net, "decode0", x, labels)
        x = F.silu(x) if i < last else x
    return x.reshape(len(x), EDGE, EDGE)


def picture(net: Weights, z: Tensor, labels: Tensor | None = None) -> Tensor:
    """(N, L) -> pictures (N, 28, 28) in 0..1."""
    with torch.no_grad():
        return decode(net, z, labels).sigmoid()


def decoder(net: Weights, label: int | None = None) -> Callable[[Tensor], Tensor]:
    """codes (N, L) -> pictures (N, 28, 28) in 0..1, of one class where the network is conditional."""

    def made(z: Tensor) -> Tensor:
        labels = None if label is None else torch.full((len(z),), label)
        return decode(net, z, labels).sigmoid()

    return made


def encoder(net: Weights) -> Callable[[Tensor], Tensor]:
    """pictures (N, 28, 28) -> μ (N, L), where the network takes no labels."""

    def coded(pictures: Tensor) -> Tensor:
        with torch.no_grad():
            return encode(net, pictures)[0]

    return coded


def sample(mu: Tensor, logvar: Tensor, noise: Tensor) -> Tensor:
    """z = μ + σ⊙ε: the reparameterisation, through which the gradient reaches μ and σ."""
    return mu + (0.5 * logvar).exp() * noise


def reconstruct(net: Weights, pictures: Tensor, labels: Tensor | None = None) -> Tensor:
    """The decoded means: what the network makes of each picture without noise."""
    with torch.no_grad():
        return picture(net, encode(net, pictures, labels)[0], labels)


def _told(net: Weights, layer: str, x: Tensor, labels: Tensor | None) -> Tensor:
    """What a conditional network adds for the class: as if a one-hot vector stood beside the input of the layer."""
    known = f"{layer}.label" in net
    if known != (labels is not None):
        raise ValueError("A conditional network needs labels." if known else "This network takes no labels.")
    return x if labels is None else x + net[f"{layer}.label"].T[labels]


def _count(net: Weights, side: str) -> int:
    return sum(name.startswith(side) and name.endswith("weight") for name in net)


# --- the loss ---


def kl(mu: Tensor, logvar: Tensor) -> Tensor:
    """KL(N(μ, σ²) ‖ N(0, 1)) of each dimension; 0 only where μ = 0 and σ = 1."""
    return 0.5 * (logvar.exp() + mu.square() - 1 - logvar)


def bernoulli(logits: Tensor, pictures: Tensor) -> Tensor:
    """−Σ x log x̂ + (1 − x) log(1 − x̂) over the pixels, (N,)."""
    return F.binary_cross_entropy_with_logits(logits, pictures, reduction="none").flatten(1).sum(1)


def gaussian(logits: Tensor, pictures: Tensor, sigma: float) -> Tensor:
    """Σ (x − x̂)²/2s² + log s√2π over the pixels, (N,): s is the noise that each pixel is taken to have."""
    if sigma <= 0:
        raise ValueError("The noise of a Gaussian decoder must be positive.")
    error = (pictures - logits.sigmoid()).square().flatten(1)
    return (error / (2 * sigma**2) + math.log(sigma * math.sqrt(2 * math.pi))).sum(1)


def terms(net: Weights, pictures: Tensor, noise: Tensor, labels: Tensor | None = None, decoder: str = "bernoulli",
          sigma: float = 0.3, seen: Tensor | None = None) -> Terms:  # fmt: skip
    """Both parts of the loss for the noise ε (N, L). A denoising one encodes what is `seen`."""
    mu, logvar = encode(net, pictures if seen is None else seen, labels)
    logits = decode(net, sample(mu, logvar, noise), labels)
    lost = bernoulli(logits, pictures) if decoder == "bernoulli" else gaussian(logits, pictures, sigma)
    return Terms(lost, kl(mu, logvar))


@dataclass(frozen=True)
class Report:
    """How good a network is on some pictures, for each of them."""

    reconstruction: float  # cross-entropy, in nats, averaged over draws of z = μ + σ⊙ε
    at_mean: float  # the same for z = μ, noise aside
    error: float  # squared, summed over the pixels, for z = μ
    kl: list[float]  # of each dimension; none for a plain autoencoder
    total_kl: float
    bound: float  # −ELBO of a VAE: reconstruction + KL
    active: int  # dimensions whose μ has a variance of more than 0.01 (Burda et al., 2015)


def report(net: Weights, pictures: Tensor, seen: Tensor | None = None, labels: Tensor | Sequence[int] | None = None,
           draws: int = 4, seed: int = 0) -> Report:  # fmt: skip
    """The measures of a network; a denoising one encodes what is `seen`. Without σ all draws are z = μ."""
    random = chance(seed, 0)
    labels = None if labels is None else torch.as_tensor(labels)
    with torch.no_grad():
        mu, logvar = encode(net, pictures if seen is None else seen, labels)
        logits = decode(net, mu, labels)
        lost = at_mean = bernoulli(logits, pictures).mean().item()
        if logvar.isfinite().all():
            each_draw = (sample(mu, logvar, torch.randn(mu.shape, generator=random)) for _i in range(draws))
            lost = sum(bernoulli(decode(net, z, labels), pictures).mean().item() for z in each_draw) / draws
        each = kl(mu, logvar).mean(0)
        error = (pictures - logits.sigmoid()).square().flatten(1).sum(1).mean()
    active = int((mu.var(0) > 0.01).sum())
    known = each.tolist() if bool(each.isfinite().all()) else []
    return Report(lost, at_mean, error.item(), known, sum(known), lost + sum(known), active)


def noised(pictures: Tensor, sigma: float, seed: int = 0) -> Tensor:
    """Pictures with Gaussian noise on every pixel, kept within 0..1."""
    random = torch.Generator().manual_seed(seed)
    return (pictures + sigma * torch.randn(pictures.shape, generator=random)).clamp(0, 1)


@dataclass(frozen=True)
class Inside:
    """One picture on its way through: the cloud of its codes, and what the loss says, averaged over draws of ε."""

    mu: list[float]
    sigma: list[float]
    kl: list[float]  # of each dimension
    total: float  # Σ KL
    reconstruction: float
    loss: float


def inside(net: Weights, picture: Tensor, draws: int = 16, seed: int = 0, beta: float = 1.0,
           label: int | None = None) -> Inside:  # fmt: skip
    """What the encoder says to one picture (28, 28), and how well its samples are decoded."""
    pictures = picture.expand(draws, EDGE, EDGE)
    labels = None if label is None else torch.full((draws,), label)
    noise = torch.randn((draws, latent(net)), generator=chance(seed, 0))
    with torch.no_grad():
        mu, logvar = encode(net, pictures[:1], labels if labels is None else labels[:1])
        found = terms(net, pictures, noise, labels)
    total = found.kl[0].sum().item()
    return Inside(mu[0].tolist(), (0.5 * logvar[0]).exp().tolist(), found.kl[0].tolist(), total,
                  found.reconstruction.mean().item(), found.loss(beta).mean().item())  # fmt: skip


# --- training ---

# Every setting that may change during a run; pictures and labels come with them, and have no default.
SETTINGS: dict[str, Any] = {"lr": 2e-3, "beta": 1.0, "warm": 0, "batch": 128, "noise": 0.0, "decoder": "bernoulli",
                            "sigma": 0.3, "total": 0}  # fmt: skip


@dataclass(frozen=True)
class State:
    plan: Plan
    seed: int
    step: int
    flat: Tensor = field(repr=False)  # all weights in one vector
    m: Tensor = field(repr=False)  # Adam's memory
    v: Tensor = field(repr=False)
    told: tuple[float, ...] = ()  # of the last batch, a picture: reconstruction, then the KL of each dimension

    @property
    def net(self) -> dict[str, Tensor]:
        return unpacked_flat(self.flat, self.plan)

    @property
    def finite(self) -> bool:
        return math.isfinite(float(self.flat.sum()))


def begin(latent: int = 2, classes: int = 0, plain: bool = False, kind: str = "mlp", hidden: int = 64,
          seed: int = 0) -> State:  # fmt: skip
    """Weights N(0, 1/n_in), biases 0."""
    plan = Plan(latent, classes, plain, kind, hidden)
    random, parts = chance(seed, -1), []
    for name, shape in plan.shapes().items():
        count, deep = math.prod(shape), len(shape) == 4
        fan = shape[0] * 4 if deep and name.startswith("decode") else math.prod(shape[1:])
        flat = torch.randn(count, generator=random) / math.sqrt(max(1, fan))
        parts.append(torch.zeros(count) if name.endswith("bias") else flat)
    flat = torch.cat(parts)
    return State(plan, seed, 0, flat, torch.zeros_like(flat), torch.zeros_like(flat))


def step(state: State, settings: Mapping[str, Any]) -> State:
    """One batch, one step of Adam. β rises over the first `warm` steps; with a `total` the rate falls to 0 by then."""
    how = {**SETTINGS, **settings}
    pictures, labels = how["pictures"], how.get("labels")
    which, random = batch_of(state, len(pictures), how["batch"])
    x = pictures[which]
    seen = None
    if how["noise"]:  # of any strength up to that, so that a clean picture is not strange either
        strength = how["noise"] * torch.rand(len(x), 1, 1, generator=random)
        seen = (x + strength * torch.randn(x.shape, generator=random)).clamp(0, 1)
    plan, flat, t = state.plan, state.flat.detach().requires_grad_(), state.step + 1
    noise = torch.randn(len(x), plan.latent, generator=random)
    told = torch.as_tensor(labels)[which] if plan.classes and labels is not None else None
    found = terms(unpacked_flat(flat, plan), x, noise, told, how["decoder"], how["sigma"], seen)
    beta = 0.0 if plan.plain else warmed(how["beta"], how["warm"], t)
    (grad,) = torch.autograd.grad(found.loss(beta).mean(), flat)
    m, v = 0.9 * state.m + 0.1 * grad, 0.999 * state.v + 0.001 * grad * grad
    rate = how["lr"] * (0.5 + 0.5 * math.cos(math.pi * min(1.0, t / how["total"])) if how["total"] else 1.0)
    moved = flat.detach() - rate * (m / (1 - 0.9**t)) / ((v / (1 - 0.999**t)).sqrt() + 1e-8)
    losses = (found.reconstruction.mean().item(), *found.kl.detach().mean(0).tolist())
    return replace(state, step=t, flat=moved, m=m, v=v, told=losses)


def batch_of(state: State, n: int, batch: int) -> tuple[Tensor, torch.Generator]:
    """Which pictures the next step sees, each once in an epoch; and the random numbers of that step."""
    each = max(1, n // batch)
    epoch, place = divmod(state.step, each)
    order = torch.randperm(n, generator=chance(state.seed, -2 - epoch))
    return order[place * batch : (place + 1) * batch], chance(state.seed, state.step)


def rounds(state: State, steps: int, settings: Mapping[str, Any]) -> Iterator[State]:
    """The state after each of so many steps; it ends early where the numbers are lost."""
    for _i in range(steps):
        state = step(state, settings)
        if not state.finite:
            return
        yield state


def train(start: State, steps: int, kept: int = 16, **settings: Any) -> list[State]:
    """The start and about `kept` states on the way, the last one included."""
    every, last = max(1, steps // kept), start
    found = [start]
    for last in rounds(start, steps, settings):
        if last.step % every == 0:
            found.append(last)
    return found if found[-1] is last else [*found, last]


def warmed(beta: float, warm: int, step: int) -> float:
    """β at a step: from 0 evenly up to its value over the first `warm` steps."""
    return beta * min(1.0, step / warm if warm else 1.0)


def chance(seed: int, step: int) -> torch.Generator:
    """The random numbers of one step: its number is stirred into the seed (the finaliser of MurmurHash3)."""
    h = (seed * 0x9E3779B97F4A7C15 + step + 1) & (2**64 - 1)
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        h = ((h ^ (h >> 33)) * factor) & (2**64 - 1)
    return torch.Generator().manual_seed((h ^ (h >> 33)) >> 1)


# --- a network as one vector, and as text that a script can carry along ---


def unpacked_flat(flat: Tensor, plan: Plan, part: str = "") -> dict[str, Tensor]:
    """Views of one vector; of the weights whose names begin with `part` ("decode") where it holds those alone."""
    shapes = {name: shape for name, shape in plan.shapes().items() if name.startswith(part)}
    sizes = [math.prod(shape) for shape in shapes.values()]
    if len(flat) != sum(sizes):
        raise ValueError(f"There are {len(flat)} numbers, and the network has {sum(sizes)}.")
    return {n: piece.view(s) for (n, s), piece in zip(shapes.items(), flat.split(sizes), strict=True)}


def in_words(net: Weights, part: str = "") -> str:
    """All weights, or those of one part, in 16 bits as text."""
    flat = torch.cat([weight.flatten() for name, weight in net.items() if name.startswith(part)]).half()
    return base64.b85encode(flat.numpy().tobytes()).decode()


def from_words(text: str, latent: int, classes: int = 0, plain: bool = False, kind: str = "mlp",
               hidden: int = 64, part: str = "") -> dict[str, Tensor]:  # fmt: skip
    """The network of such a text."""
    flat = torch.frombuffer(bytearray(base64.b85decode(text)), dtype=torch.float16).float()
    return unpacked_flat(flat, Plan(latent, classes, plain, kind, hidden), part)
