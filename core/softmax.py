r"""Softmax: from logits to probabilities, p_i = e^{s_i / T} / Σ_j e^{s_j / T}.

p is positive, sums to 1, keeps the order, and shifting all logits by the same c changes nothing. The stable
version subtracts the largest logit first; the naive one overflows as soon as e^s does: beyond s = 11.09 in
float16, beyond 88.7 in float32 and bfloat16 (which has float32's range, but only 8 bits of precision). The
temperature T flattens (T → ∞: all equal) or sharpens (T → 0: the largest takes all).

Cross-entropy of the true class t is L = -log p_t = logsumexp(s / T) - s_t / T, and its gradient in the logits
is (p - y) / T, with y the one-hot vector of t. (Bridle 1990; Guo et al. 2017 for the temperature.)

The last dimension holds the classes; everything before it is a batch.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

DTYPES: dict[str, torch.dtype] = {
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
    "float32": torch.float32,
    "float64": torch.float64,
}


def softmax(logits: Tensor, temperature: float = 1.0) -> Tensor:
    """Stable: the largest exponent is e^0."""
    s = _scaled(logits, temperature)
    e = torch.exp(s - s.amax(-1, keepdim=True))
    return e / e.sum(-1, keepdim=True)


def naive_softmax(logits: Tensor, temperature: float = 1.0) -> Tensor:
    """The formula as it stands, every step rounded to the dtype of the logits: inf / inf gives NaN."""
    e = torch.exp(_scaled(logits, temperature))
    return e / e.sum(-1, keepdim=True)


def log_softmax(logits: Tensor, temperature: float = 1.0) -> Tensor:
    """log p without ever forming p: s - max - log Σ e^{s - max}."""
    s = _scaled(logits, temperature)
    s = s - s.amax(-1, keepdim=True)
    return s - torch.exp(s).sum(-1, keepdim=True).log()


def naive_log_softmax(logits: Tensor, temperature: float = 1.0) -> Tensor:
    """log of the naive softmax: -inf where p is rounded to 0, NaN where it overflowed."""
    return naive_softmax(logits, temperature).log()


def sample(logits: Tensor, n: int, temperature: float = 1.0, seed: int = 0) -> Tensor:
    """How often each class comes up in n draws, (classes,); the same draws for every temperature."""
    if logits.dim() != 1:
        raise ValueError(f"Sampling takes one vector of logits, not a tensor of shape {tuple(logits.shape)}.")
    if n < 0:
        raise ValueError(f"The number of draws must not be negative, not {n}.")
    # A draw u ~ U(0, 1) picks the first class whose cumulated probability exceeds it.
    u = torch.rand(n, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    cumulated = softmax(logits.detach().double().cpu(), temperature).cumsum(0)
    picked = torch.searchsorted(cumulated, u, right=True).clamp(max=len(logits) - 1)
    return torch.bincount(picked, minlength=len(logits))


# --- What a page asks ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """p, -log p and (p - y) / T of every class, (classes,), as one way of computing them has it."""

    dtype: str
    naive: bool
    p: tuple[float, ...]
    loss: tuple[float, ...]
    gradient: tuple[float, ...]


def outcome(
    logits: Sequence[float],
    target: int,
    temperature: float = 1.0,
    shift: float = 0.0,
    dtype: str = "float64",
    naive: bool = False,
) -> Outcome:
    """Softmax of s + c with every step rounded to `dtype`; loss[target] is the cross-entropy."""
    if dtype not in DTYPES:
        raise ValueError(f"There is no dtype {dtype!r} here; choose one of {', '.join(DTYPES)}.")
    s = torch.tensor(logits, dtype=DTYPES[dtype]) + shift
    p = (naive_softmax if naive else softmax)(s, temperature)
    loss = -(naive_log_softmax if naive else log_softmax)(s, temperature)
    y = torch.zeros_like(s)
    y[_class(s, target)] = 1
    return Outcome(dtype, naive, *(tuple(row.tolist()) for row in (p, loss, (p - y) / temperature)))


def outcomes(logits: Sequence[float], target: int, temperature: float = 1.0, shift: float = 0.0) -> list[Outcome]:
    """The naive and the stable way in the dtypes that networks are trained in, one after the other."""
    dtypes = [name for name in DTYPES if name != "float64"]
    return [outcome(logits, target, temperature, shift, dtype, naive) for dtype in dtypes for naive in (True, False)]


def _scaled(logits: Tensor, temperature: float) -> Tensor:
    if logits.dim() == 0 or logits.shape[-1] == 0:
        raise ValueError("Softmax needs at least one logit.")
    if not logits.is_floating_point():
        raise ValueError(f"Logits must be floating-point numbers, not {logits.dtype}.")
    if not 0 < temperature < math.inf:
        raise ValueError(f"The temperature must be a finite number above 0, not {temperature}.")
    return logits / temperature


def _class(logits: Tensor, target: int) -> int:
    if not 0 <= target < logits.shape[-1]:
        raise ValueError(f"The target class must lie between 0 and {logits.shape[-1] - 1}, not {target}.")
    return target
