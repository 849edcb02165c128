r"""The smallest GAN there is: the data is the single point 0, G is a single point θ, and D(x) = ψ x is a single slope.

With f(t) for what D gains, both play on the plane (θ, ψ). One step of gradient descent for each:

    θ ← θ - η ∂L_G/∂θ        ψ ← ψ - η ∂L_D/∂ψ,      L_D = a(0) + b(ψθ) + penalty,   L_G = g(ψθ)

The one rest point is (0, 0). Who circles around it, and who arrives? Mescheder, Geiger, Nowozin, "Which training
methods for GANs do actually converge?", 2018.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Slope = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Game:
    """Slopes of the terms: `fake`' (s) of what D minimises at a fake, `generator`' (s) of what G minimises."""

    title: str
    note: str
    fake: Slope
    generator: Slope
    penalty: str = ""  # "r1", "gp", or "clip"
    blurred: bool = False


GAMES: dict[str, Game] = {
    "minimax": Game("Minimax", "Circles, and goes outwards when both step at once.",
                    torch.sigmoid, lambda s: -torch.sigmoid(s)),
    "ns": Game("Non-saturating", "Circles, and creeps inwards, ever more slowly.",
               torch.sigmoid, lambda s: -torch.sigmoid(-s)),
    "wgan": Game("Wasserstein", "Circles of constant speed: there is nothing that slows it down.",
                 torch.ones_like, lambda s: -torch.ones_like(s)),
    "clip": Game("Wasserstein, clipped", "The slope of D runs against its bound, and back again.",
                 torch.ones_like, lambda s: -torch.ones_like(s), "clip"),
    "gp": Game("WGAN-GP", "D wants slope 1, not 0: it circles, or comes to rest in a wrong place.",
               torch.ones_like, lambda s: -torch.ones_like(s), "gp"),
    "r1": Game("Non-saturating + R1", "A price on the slope at the data: a spiral into the rest point.",
               torch.sigmoid, lambda s: -torch.sigmoid(-s), "r1"),
    "noise": Game("Instance noise", "Data and fakes are blurred: a spiral into the rest point.",
                  torch.sigmoid, lambda s: -torch.sigmoid(-s), "", True),
    # half of the squares to the labels -1 and 1: D has no bias, its answer at the data is 0
    "ls": Game("Least squares", "Circles, and creeps inwards, for D is drawn back to its label.",
               lambda s: s + 1, lambda s: s - 1),
    "hinge": Game("Hinge", "Circles as Wasserstein does, and D rests where it is sure enough.",
                  lambda s: (s > -1).to(s.dtype), lambda s: -torch.ones_like(s)),
}  # fmt: skip

# Nodes and weights of a Gauss-Hermite rule: E f(N(0, 1)) = Σ w f(node), for the instance noise.
_NODES = torch.tensor([-2.8569700139, -1.3556261799, 0.0, 1.3556261799, 2.8569700139], dtype=torch.float64)
_WEIGHTS = torch.tensor([0.0112574113, 0.2220759220, 0.5333333333, 0.2220759220, 0.0112574113], dtype=torch.float64)


def downhill(game: str, theta: Tensor, psi: Tensor, strength: float = 1.0) -> tuple[Tensor, Tensor]:
    """-∂L_G/∂θ and -∂L_D/∂ψ: where both are drawn, for θ and ψ of any one shape."""
    how = chosen_game(game)
    if how.blurred:
        return _blurred(how, theta, psi, strength)
    s = psi * theta
    move_theta, move_psi = -how.generator(s) * psi, -how.fake(s) * theta
    if how.penalty == "r1":
        move_psi = move_psi - strength * psi  # of γ/2 ψ²
    if how.penalty == "gp":
        move_psi = move_psi - strength * 2 * (psi.abs() - 1) * psi.sign()  # of λ (|ψ| - 1)²
    return move_theta, move_psi


def _blurred(how: Game, theta: Tensor, psi: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
    """Averages over x = σε for the data and x = θ + σε for the fakes; the data's term is fake'(-s)."""
    eps = sigma * _NODES.to(theta.dtype)
    weights = _WEIGHTS.to(theta.dtype)
    at = theta[..., None] + eps
    s_fake, s_real = psi[..., None] * at, psi[..., None] * eps
    move_theta = -(how.generator(s_fake) * psi[..., None] * weights).sum(-1)
    move_psi = ((how.fake(-s_real) * eps - how.fake(s_fake) * at) * weights).sum(-1)
    return move_theta, move_psi


def play(game: str, theta: float, psi: float, lr: float = 0.1, steps: int = 200, alternate: bool = True,
         strength: float = 1.0, clip: float = 1.0) -> Tensor:  # fmt: skip
    """(steps + 1, 2): θ and ψ step by step; D first and then G against the new D, or both at once."""
    how = chosen_game(game)
    if not lr > 0 or steps < 0:
        raise ValueError(f"The rate must be positive and the steps not negative, not {lr} and {steps}.")
    t, p = torch.tensor(theta, dtype=torch.float64), torch.tensor(psi, dtype=torch.float64)
    way = [torch.stack([t, p])]
    for _i in range(steps):
        old = p
        p = p + lr * downhill(game, t, p, strength)[1]
        if how.penalty == "clip":
            p = p.clamp(-clip, clip)
        t = t + lr * downhill(game, t, p if alternate else old, strength)[0]
        way.append(torch.stack([t, p]))
    return torch.stack(way)


def chosen_game(name: str) -> Game:
    if name not in GAMES:
        raise ValueError(f"There is no game {name!r}; choose one of {', '.join(GAMES)}.")
    return GAMES[name]


def turning(game: str, strength: float = 1.0) -> tuple[float, float]:
    """The eigenvalues a ± bi of the field at (0, 0): a < 0 arrives, a = 0 circles. NaN where it has a corner there."""
    if chosen_game(game).penalty == "gp":
        return math.nan, math.nan
    zero = torch.zeros((), dtype=torch.float64)

    def field(at: Tensor) -> Tensor:
        return torch.stack(downhill(game, at[0], at[1], strength))

    j = torch.autograd.functional.jacobian(field, torch.stack([zero, zero]))
    half, det = float(j.trace()) / 2, float(j.det())
    root = det - half**2
    return (half, math.sqrt(root)) if root >= 0 else (half + math.sqrt(-root), 0.0)


def ends(way: Tensor) -> dict[str, float]:
    """How far from the rest point it began and ended, and how far it was in the last quarter at most."""
    distance = way.norm(dim=1)
    last = distance[-max(1, len(distance) // 4) :]
    return {"start": float(distance[0]), "end": float(distance[-1]), "late": float(last.max())}
