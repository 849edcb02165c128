"""Where tensors live: CUDA when there is one, then Apple's MPS, then the CPU."""

import os
import platform
from functools import cache
from pathlib import Path

import torch


def pick(wanted: str = "auto") -> torch.device:
    """The device for `wanted`: "auto", or anything that torch.device takes and this machine has."""
    if wanted == "auto":
        wanted = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        device = torch.device(wanted)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"There is no device {wanted!r} here; use auto, cpu, cuda or mps.") from error
    return device


def current() -> torch.device:
    """The device of this process: LIGHTBOARD_DEVICE, or the best there is."""
    return pick(os.environ.get("LIGHTBOARD_DEVICE", "auto"))


def exact() -> torch.device:
    """The device for work that needs float64, which Apple's GPU does not have."""
    return pick("cpu") if current().type == "mps" else current()


@cache
def describe(device: torch.device) -> str:
    """A name that a person knows: "NVIDIA H100", "Apple GPU", "AMD EPYC 7B13"."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    if device.type == "mps":
        return "Apple GPU"
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine() or "CPU"
