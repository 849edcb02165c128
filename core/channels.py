"""Channels: which output of a convolution sees which input, and what that costs.

A weight has the shape (C_out, C_in / g, k, k): every output has its own kernel for each input of its group.

    parameters = C_out · C_in / g · k²        multiply-adds = parameters · H_out · W_out

Groups: AlexNet (Krizhevsky et al., 2012), ResNeXt (Xie et al., 2017). Depthwise + pointwise: MobileNet (Howard et
al., 2017).
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor


@dataclass(frozen=True)
class Cost:
    """What one layer, or a block of two, has to keep and to compute for one picture; biases are left out."""

    kind: str
    parameters: int
    multiply_adds: int
    share: float = 1.0  # of the standard layer


def groups_that_fit(c_in: int, c_out: int) -> list[int]:
    """All g that divide both numbers of channels."""
    return [g for g in range(1, min(c_in, c_out) + 1) if c_in % g == 0 and c_out % g == 0]


def cost(c_in: int, c_out: int, k: int, groups: int, size: int, kind: str = "") -> Cost:
    """One convolution whose output is size × size."""
    if groups not in groups_that_fit(c_in, c_out):
        fit = ", ".join(map(str, groups_that_fit(c_in, c_out)))
        raise ValueError(f"{groups} groups do not divide {c_in} and {c_out} channels; {fit} would.")
    parameters = c_out * (c_in // groups) * k * k
    return Cost(kind, parameters, parameters * size * size)


def compare(c_in: int, c_out: int, k: int, groups: int, size: int) -> list[Cost]:
    """The same channels in and out, five ways; the last is a block of the two before it."""
    standard = cost(c_in, c_out, k, 1, size, "standard")
    grouped = cost(c_in, c_out, k, groups, size, "grouped")
    depthwise = cost(c_in, c_in, k, c_in, size, "depthwise")
    pointwise = cost(c_in, c_out, 1, 1, size, "pointwise")
    both = Cost("separable", depthwise.parameters + pointwise.parameters,
                depthwise.multiply_adds + pointwise.multiply_adds)  # fmt: skip
    return [replace(c, share=c.parameters / standard.parameters)
            for c in (standard, grouped, depthwise, pointwise, both)]  # fmt: skip


def saving(c_out: int, k: int) -> float:
    """(depthwise + pointwise) / standard = 1 / C_out + 1 / k²: neither C_in nor the picture's size matters."""
    return 1 / c_out + 1 / k**2


def connections(c_in: int, c_out: int, groups: int) -> Tensor:
    """(C_out, C_in): the group through which an output sees an input, 0, 1, …; -1 where it does not see it."""
    cost(c_in, c_out, 1, groups, 1)  # refuses what does not divide
    to = torch.arange(c_out)[:, None] // (c_out // groups)
    of = torch.arange(c_in)[None, :] // (c_in // groups)
    return torch.where(to == of, to, -1)


def weights_drawn(seen: Tensor, k: int, gap: int = 1) -> Tensor:
    """Each connection of `seen` (rows, columns) as a block of k × k equal numbers, with gaps of -1 between."""
    rows, columns = seen.shape
    blocks = torch.full((rows, k + gap, columns, k + gap), -1)
    blocks[:, :k, :, :k] = seen[:, None, :, None]
    return blocks.reshape(rows * (k + gap), columns * (k + gap))[: -gap or None, : -gap or None]
