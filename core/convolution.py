"""Filtering a picture: a small window slides over it, and each place becomes a weighted sum of what lies under it.

    out(y, x) = b + Σ_ij w(i, j) · in(s·y + d·i − p, s·x + d·j − p)

Deep learning calls this convolution; it is cross-correlation. True convolution turns the kernel by 180° first.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

AT_ONCE = 16  # outputs of a row that are worked out side by side
PADDINGS = {"zeros": "constant", "reflect": "reflect", "replicate": "replicate", "circular": "circular"}


def output_size(n: int, k: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    """⌊(n + 2p − d(k − 1) − 1) / s⌋ + 1"""
    reach = dilation * (k - 1) + 1
    if min(n, k, stride, dilation) < 1 or padding < 0:
        raise ValueError("Sizes, stride and dilation are at least 1, padding at least 0.")
    if n + 2 * padding < reach:
        raise ValueError(f"The kernel reaches over {reach} pixels, the padded picture has only {n + 2 * padding}.")
    return (n + 2 * padding - reach) // stride + 1


def padded(picture: Tensor, amount: int, mode: str = "zeros") -> Tensor:
    """(C, H, W) with `amount` pixels more on every side."""
    if mode not in PADDINGS:
        raise ValueError(f"There is no padding {mode!r}; there are {', '.join(PADDINGS)}.")
    least = min(picture.shape[-2:])
    if mode in ("reflect", "circular") and amount > least - (mode == "reflect"):
        raise ValueError(
            f"This padding repeats the picture: at most {least - (mode == 'reflect')} pixels are possible."
        )
    return F.pad(picture.unsqueeze(0), [amount] * 4, mode=PADDINGS[mode]).squeeze(0)


def filtered(picture: Tensor, kernel: Tensor, stride: int = 1, padding: int = 0, dilation: int = 1,
             mode: str = "zeros", bias: float = 0.0, flip: bool = False, relu: bool = False) -> Tensor:  # fmt: skip
    """Each channel of a picture (C, H, W), or one of (H, W), by the same kernel (k, k)."""
    picture = picture.reshape(-1, *picture.shape[-2:])
    wide = padded(picture, padding, mode)
    for n, k in zip(wide.shape[-2:], kernel.shape, strict=True):
        output_size(n, k, stride, 0, dilation)
    w = kernel.to(picture).flip(0, 1) if flip else kernel.to(picture)
    found = _slid(wide, w, stride, dilation).add_(bias)
    return found.clamp_(min=0) if relu else found


def _slid(wide: Tensor, w: Tensor, stride: int, dilation: int) -> Tensor:
    """F.conv2d of every channel with one kernel; of a photograph three times as fast: neighbours as channels.

    Output channel t holds the kernel moved t strides to the right; a wider stride goes from one such group to the next.
    """
    if wide.numel() < 256**2:
        return F.conv2d(wide[:, None], w[None, None], stride=stride, dilation=dilation)[:, 0]
    reach = dilation * (w.shape[1] - 1) + 1
    columns = (wide.shape[-1] - reach) // stride + 1
    groups = -(-columns // AT_ONCE)
    moved = w.new_zeros(AT_ONCE, 1, len(w), reach + (AT_ONCE - 1) * stride)
    for t in range(AT_ONCE):
        moved[t, 0, :, t * stride : t * stride + reach : dilation] = w
    more = (groups - 1) * AT_ONCE * stride + moved.shape[-1] - wide.shape[-1]
    y = F.conv2d(F.pad(wide, (0, more))[:, None], moved, stride=(stride, AT_ONCE * stride), dilation=(dilation, 1))
    return y.permute(0, 2, 3, 1).flatten(2)[..., :columns].contiguous()


def by_shifts(picture: Tensor, kernel: Tensor, stride: int = 1, padding: int = 0, dilation: int = 1,
              mode: str = "zeros", bias: float = 0.0, flip: bool = False, relu: bool = False) -> Tensor:  # fmt: skip
    """The same, written out: one shifted copy of the picture for each weight."""
    wide = padded(picture, padding, mode)
    rows, columns = (output_size(n, k, stride, 0, dilation) for n, k in zip(wide.shape[-2:], kernel.shape, strict=True))
    w = kernel.flip(0, 1) if flip else kernel
    total = torch.full((len(picture), rows, columns), bias, dtype=picture.dtype)
    for i, row in enumerate(w.tolist()):
        for j, weight in enumerate(row):
            top, left = i * dilation, j * dilation
            total += weight * wide[:, top : top + (rows - 1) * stride + 1 : stride,
                                   left : left + (columns - 1) * stride + 1 : stride]  # fmt: skip
    return total.clamp(min=0) if relu else total


def largest_difference(kernel: Tensor, seed: int = 0, **settings: Any) -> float:
    """Between the operator of PyTorch and the sum written out, on a picture of noise: rounding, nothing else."""
    n = 48 + settings.get("dilation", 1) * max(kernel.shape)  # room for the kernel, spread out as it is
    noise = torch.rand(1, n, n, generator=torch.Generator().manual_seed(seed))
    return float((filtered(noise, kernel, **settings) - by_shifts(noise, kernel, **settings)).abs().max())


def grey(picture: Tensor) -> Tensor:
    """(C, H, W) -> (1, H, W): the brightness that an eye sees (Rec. 601), not one of the channels."""
    if len(picture) == 1:
        return picture
    return torch.einsum("c,chw->hw", picture.new_tensor([0.299, 0.587, 0.114]), picture).unsqueeze(0)
