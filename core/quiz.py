r"""Which is it? A derivative is drawn, and four functions are offered; one of them has this derivative.

A question is drawn from a seed, and only functions whose derivatives can be told apart by eye are offered
together: somewhere on the range they differ by more than a threshold.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

Function = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Question:
    answer: str
    options: tuple[str, ...]  # shuffled, the answer among them
    z: Tensor
    df: Tensor  # the derivative of the answer on z


def ask(
    functions: Mapping[str, Function],
    seed: int,
    reach: float = 5.0,
    options: int = 4,
    threshold: float = 0.15,
    points: int = 401,
) -> Question:
    """The question of this seed: an answer, and distractors that differ visibly from it and each other."""
    if not (reach > 0 and threshold > 0 and options >= 2 and points >= 2):
        raise ValueError("Reach and threshold must be above 0, options and points at least 2.")
    random = torch.Generator().manual_seed(seed)
    z = torch.linspace(-reach, reach, points, dtype=torch.float64)
    names = list(functions)
    order = [names[i] for i in torch.randperm(len(names), generator=random)]
    chosen: dict[str, Tensor] = {}
    for name in order:
        slope = derivative(functions[name], z)
        if all((slope - other).abs().max() > threshold for other in chosen.values()):
            chosen[name] = slope
        if len(chosen) == options:
            break
    else:
        raise ValueError(f"Only {len(chosen)} of the {len(names)} derivatives can be told apart; {options} are needed.")
    answer = next(iter(chosen))
    shuffled = [list(chosen)[i] for i in torch.randperm(options, generator=random)]
    return Question(answer, tuple(shuffled), z, chosen[answer])


def derivative(f: Function, z: Tensor) -> Tensor:
    """f'(z) by autograd; 0 where its graph ends."""
    with torch.enable_grad():
        x = z.detach().clone().requires_grad_()
        y = f(x)
        if not y.requires_grad:
            return torch.zeros_like(z)
        (slope,) = torch.autograd.grad(y.sum(), x, allow_unused=True)
    return torch.zeros_like(z) if slope is None else slope
