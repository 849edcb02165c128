"""What a shift of the picture does to what is read from it, and what happens to stripes that are too fine.

A grid that keeps every s-th pixel can hold ½ · 1/s cycles per pixel. A finer stripe does not vanish by itself: it comes
back as a coarser one, |f·s − round(f·s)| / s cycles per pixel (aliasing). Then the output no longer moves along with
the picture. What is shifted runs round at the edges; only where the sides are multiples of the stride does the grid
run round with it, so pictures are cut to such sides first. R. Zhang, "Making convolutional networks shift-invariant
again", 2019.
"""

import math
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

Reader = Callable[[Tensor], Tensor]  # (..., H, W) -> (..., H', W')
FLAT = 1e-6  # a picture with less contrast than this is one grey: nothing in it can change


def translate(x: Tensor, dx: float, dy: float, linear: bool = False) -> Tensor:
    """(..., H, W) moved dx right and dy down: by Fourier phases, exact for what the grid can hold, or bilinear."""
    if linear:
        return _blend(_blend(x, dx, -1), dy, -2)
    rows, columns = _phases(x.shape[-2], dy, x.device), _phases(x.shape[-1], dx, x.device)
    spectrum = torch.fft.fft2(x.double()) * rows[:, None] * columns
    return torch.fft.ifft2(spectrum).real.to(x.dtype)


def fitted(x: Tensor, stride: int) -> Tensor:
    """(..., H, W) cut at the right and below to sides that are multiples of the stride."""
    rows, columns = (n - n % stride for n in x.shape[-2:])
    if not rows or not columns:
        raise ValueError(f"A picture of {x.shape[-1]} × {x.shape[-2]} holds no stride of {stride}.")
    return x[..., :rows, :columns]


def around(read: Reader, stride: int, margin: int) -> Reader:
    """A reader whose pictures run round at the edges, as those that are shifted do: no window sees an edge."""
    more = -(-margin // stride)

    def whole(x: Tensor) -> Tensor:
        _fits(x, stride)
        for dim in (-2, -1):
            n = x.shape[dim]
            x = x.index_select(dim, torch.arange(-more * stride, n + more * stride) % n)
        y = read(x)
        rows, columns = ((n - 2 * more * stride) // stride for n in x.shape[-2:])
        return y[..., more : more + rows, more : more + columns]

    return whole


def _fits(x: Tensor, stride: int) -> None:
    if x.shape[-2] % stride or x.shape[-1] % stride:
        raise ValueError(f"The sides of what runs round must be multiples of the stride {stride}.")


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
    after = torch.stack([translate(x, dx, dy, linear) for dx, dy in shifts])
    return apart(x, read(x), read(after), shifts, stride)


def apart(x: Tensor, first: Tensor, after: Tensor, shifts: Sequence[tuple[float, float]],
          stride: int = 0) -> list[float]:  # fmt: skip
    """The same of outputs that are there already: that of the picture, and those of the shifted ones."""
    contrast = x.double().std(correction=0).item()
    if contrast < FLAT:
        return [0.0] * len(shifts)
    if stride:
        _fits(x, stride)
    moved = [translate(first, dx / stride, dy / stride) if stride else first for dx, dy in shifts]
    error = (after - torch.stack(moved)).double().square().flatten(1).mean(1).sqrt()
    return (error / contrast).tolist()


def comparison(readers: Mapping[str, Reader], x: Tensor, shifts: Sequence[tuple[float, float]], stride: int = 0,
               linear: bool = False) -> dict[str, list[float]]:  # fmt: skip
    """The same for several readers of one picture."""
    return {name: changes(read, x, shifts, stride, linear) for name, read in readers.items()}


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


# --- What a classifier says, (N, H, W) -> (N, classes) --------------------------------------------------------


def right_by_shift(says: Reader, x: Tensor, labels: Tensor, shifts: Sequence[float], linear: bool = False) -> Tensor:
    """The share of the pictures (N, H, W) that are classified rightly, at each shift to the right."""
    moved = (says(translate(x, dx, 0, linear)).argmax(1) for dx in shifts)
    return torch.stack([(found == labels).float().mean() for found in moved])


def confidence(says: Reader, x: Tensor, label: int, shifts: Sequence[tuple[float, float]],
               linear: bool = False) -> Tensor:  # fmt: skip
    """What is said of class `label` to one picture (H, W), at each shift."""
    return says(torch.stack([translate(x, dx, dy, linear) for dx, dy in shifts]))[:, label]
