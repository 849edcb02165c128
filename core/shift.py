"""What a shift of the picture does to what is read from it, and what happens to stripes that are too fine.

A grid that keeps every s-th pixel can hold ½ · 1/s cycles per pixel. A finer stripe does not vanish by itself: it comes
back as a coarser one, |f·s − round(f·s)| / s cycles per pixel (aliasing). Then the output no longer moves along with
the picture. R. Zhang, "Making convolutional networks shift-invariant again", 2019. All pictures run round at the edges.
"""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Reader = Callable[[Tensor], Tensor]  # (..., H, W) -> (..., H', W')


def translate(x: Tensor, dx: float, dy: float, linear: bool = False) -> Tensor:
    """(..., H, W) moved dx right and dy down: by Fourier phases, exact for what the grid can hold, or bilinear."""
    if linear:
        return _blend(_blend(x, dx, -1), dy, -2)
    rows, columns = _phases(x.shape[-2], dy, x.device), _phases(x.shape[-1], dx, x.device)
    spectrum = torch.fft.fft2(x.double()) * rows[:, None] * columns
    return torch.fft.ifft2(spectrum).real.to(x.dtype)


def around(read: Reader, stride: int, margin: int) -> Reader:
    """A reader whose pictures run round at the edges, as those that are shifted do: no window sees an edge."""
    more = -(-margin // stride)

    def whole(x: Tensor) -> Tensor:
        for dim in (-2, -1):
            n = x.shape[dim]
            x = x.index_select(dim, torch.arange(-more * stride, n + more * stride) % n)
        y = read(x)
        rows, columns = ((n - 2 * more * stride) // stride for n in x.shape[-2:])
        return y[..., more : more + rows, more : more + columns]

    return whole


def _phases(n: int, by: float, device: torch.device) -> Tensor:
    """e^(−2πi f·by) for each frequency; at exactly ½ only the cosine is real."""
    f = torch.fft.fftfreq(n, dtype=torch.float64, device=device)
    turned = torch.polar(torch.ones_like(f), -2 * math.pi * f * by)
    return torch.where(f == -0.5, turned.real + 0j, turned)


def _blend(x: Tensor, by: float, dim: int) -> Tensor:
    whole = math.floor(by)
    near, far = x.roll(whole, dim), x.roll(whole + 1, dim)
    return near + (by - whole) * (far - near)


def changes(read: Reader, x: Tensor, shifts: Sequence[tuple[float, float]], stride: int = 0,
            linear: bool = False) -> list[float]:  # fmt: skip
    """How far the output of each shifted picture is from the first one's, in units of the picture's own contrast.

    With a stride above 0 the first output is moved along by shift / stride before they are compared: what then differs
    is what cannot be explained by the motion.
    """
    first, contrast = read(x), x.double().std(correction=0).clamp(min=1e-12)
    after = read(torch.stack([translate(x, dx, dy, linear) for dx, dy in shifts]))
    moved = [translate(first, dx / stride, dy / stride) if stride else first for dx, dy in shifts]
    error = (after - torch.stack(moved)).double().square().flatten(1).mean(1).sqrt()
    return (error / contrast).tolist()


def folded(frequency: float, stride: int) -> float:
    """As which frequency stripes come back when every stride-th pixel is kept; both in cycles per pixel."""
    return abs(frequency * stride - round(frequency * stride)) / stride


def passed(read: Reader, frequencies: Sequence[float], n: int = 64) -> list[float]:
    """The contrast of upright stripes in the output, as a share of that in the input; over all phases alike."""
    along = torch.arange(n, dtype=torch.float64)
    phases = [math.pi * i / 4 for i in range(4)]
    waves = torch.stack([torch.cos(2 * math.pi * f * along + phase) for f in frequencies for phase in phases])
    x = waves[:, None, :].expand(-1, min(n, 32), -1) / 2 + 0.5
    power = [y.flatten(1).var(1, correction=0).unflatten(0, (-1, 4)).mean(1) for y in (read(x), x)]
    return (power[0] / power[1].clamp(min=1e-12)).sqrt().tolist()


def strongest(y: Tensor, stride: int) -> float:
    """The frequency that stands out along the rows of an output (H', W'), in cycles per pixel of the input."""
    spectrum = torch.fft.rfft((y - y.mean()).double(), dim=-1).abs().square().sum(0)
    return spectrum.argmax().item() / y.shape[-1] / stride
