r"""Cost: what an elementwise function takes in time and in memory.

Time is the median over repeated runs on a large tensor, after a warm-up, divided by the number of elements;
forward is timed while autograd records, as in training. On a GPU each run waits for the device to finish.

Memory is what autograd keeps of the forward pass for the backward pass: every hidden layer holds it until its
turn comes, so it decides how large a batch fits. It is read through torch.autograd.graph.saved_tensors_hooks,
and a tensor saved by several operations counts once. What is part of the output anyway costs nothing extra,
because the next layer keeps that, too: ReLU and tanh are free in this sense, a long chain of steps is not.

A formula written out step by step reads and writes the whole tensor once for each step, and autograd keeps what the
steps have made. KERNELS holds what PyTorch has in one piece: one pass, and only what its backward pass needs.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from statistics import median

import torch
from torch import Tensor
from torch.nn import functional as F

Function = Callable[[Tensor], Tensor]

KERNELS: dict[str, Function] = {
    "leaky_relu": partial(F.leaky_relu, negative_slope=0.1),
    "elu": F.elu,
    "celu": F.celu,
    "selu": F.selu,
    "gelu": F.gelu,
    "gelu_tanh": partial(F.gelu, approximate="tanh"),
    "silu": F.silu,
    "mish": F.mish,
    "softplus": F.softplus,
    "hard_sigmoid": F.hardsigmoid,
    "hard_swish": F.hardswish,
}
FUSED = " (kernel)"  # after the name of a function that is run in one piece


@dataclass(frozen=True)
class Cost:
    name: str
    forward_ns: float  # per element
    backward_ns: float  # per element; 0 where autograd has nothing to do
    saved_bytes: float  # per element, kept for the backward pass
    extra_bytes: float  # the part of it that is not the output itself


@dataclass(frozen=True)
class Footprint:
    """What a network keeps for its backward pass on account of its activations, their outputs aside."""

    name: str
    bytes_per_number: float
    megabytes: float


def with_kernels(functions: Mapping[str, Function]) -> dict[str, Function]:
    """Each function, followed by PyTorch's own kernel where there is one."""
    both: dict[str, Function] = {}
    for name, f in functions.items():
        both[name] = f
        if name in KERNELS:
            both[name + FUSED] = KERNELS[name]
    return both


def footprints(functions: Mapping[str, Function], layers: int, batch: int, width: int) -> list[Footprint]:
    """The extra memory of each function in a network of so many layers; in float32."""
    if min(layers, batch, width) < 1:
        raise ValueError(f"Layers, batch and width must be at least 1, not {layers}, {batch} and {width}.")
    z = torch.linspace(-3, 3, 256)
    found = []
    for name, f in with_kernels(functions).items():
        extra = saved_bytes(f, z)[1] / len(z)
        found.append(Footprint(name, extra, extra * layers * batch * width / 1e6))
    return found


def compare(
    functions: Mapping[str, Function],
    elements: int = 2**18,
    repeats: int = 15,
    device: str = "cpu",
    dtype: torch.dtype = torch.float32,
) -> Iterator[Cost]:
    """The costs one after another, so that a page can show how far it is."""
    if elements < 1 or repeats < 1:
        raise ValueError(f"Elements and repeats must be at least 1, not {elements} and {repeats}.")
    return (measure(name, f, elements, repeats, device, dtype) for name, f in functions.items())


def measure(
    name: str,
    f: Function,
    elements: int = 2**18,
    repeats: int = 15,
    device: str = "cpu",
    dtype: torch.dtype = torch.float32,
) -> Cost:
    """Time and memory of f on standard normal numbers."""
    z = torch.randn(elements, generator=torch.Generator().manual_seed(0)).to(device, dtype)
    forward, backward = [], []
    for _ in range(max(2, repeats // 3) + repeats):
        there, back = _time_once(f, z)
        forward.append(there)
        backward.append(back)
    saved, extra = saved_bytes(f, z)
    return Cost(
        name,
        median(forward[-repeats:]) / elements,
        median(backward[-repeats:]) / elements,
        saved / elements,
        extra / elements,
    )


def saved_bytes(f: Function, z: Tensor) -> tuple[int, int]:
    """Bytes that autograd keeps of f(z), and how many of them lie outside the output f(z)."""
    kept: dict[int, Tensor] = {}  # one tensor for each storage; holding it keeps its address from being reused

    def keep(tensor: Tensor) -> Tensor:
        kept[tensor.untyped_storage().data_ptr()] = tensor.detach()
        return tensor

    with torch.enable_grad(), torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        y = f(z.detach().requires_grad_())
    sizes = {address: tensor.untyped_storage().nbytes() for address, tensor in kept.items()}
    total = sum(sizes.values())
    return total, total - sizes.get(y.untyped_storage().data_ptr(), 0)


def _time_once(f: Function, z: Tensor) -> tuple[int, int]:
    """Nanoseconds of one forward and one backward pass."""
    with torch.enable_grad():
        x = z.detach().requires_grad_()
        _wait(z.device)
        start = time.perf_counter_ns()
        y = f(x)
        _wait(z.device)
        forward = time.perf_counter_ns() - start
        if not y.requires_grad:
            return forward, 0
        ones = torch.ones_like(y)
        _wait(z.device)
        start = time.perf_counter_ns()
        torch.autograd.grad(y, x, ones, allow_unused=True)
        _wait(z.device)
        return forward, time.perf_counter_ns() - start


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
