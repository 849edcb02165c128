"""Cost: saved bytes against what the functions are known to keep; times only for sanity."""

import time

import pytest
import torch
import torch.nn.functional as F

from core.cost import compare, measure, saved_bytes

Z = torch.linspace(-3, 3, 1000)


@pytest.mark.parametrize(
    ("f", "saved", "extra"),
    [
        (lambda z: z, 0, 0),
        (lambda z: z + 1, 0, 0),
        (torch.tanh, 4000, 0),  # keeps its output
        (torch.sigmoid, 4000, 0),
        (torch.relu, 4000, 0),
        (F.gelu, 4000, 4000),  # keeps its input
        (lambda z: z * z, 4000, 4000),  # the same tensor twice
        (lambda z: z * torch.sigmoid(z), 8000, 8000),  # input and sigmoid
        (lambda z: torch.sin(torch.tanh(z)), 4000, 4000),  # tanh's output is sin's input
        (lambda z: (z > 0).float(), 0, 0),
    ],
)
def test_saved_bytes(f, saved: int, extra: int) -> None:
    before = Z.clone()
    assert saved_bytes(f, Z) == (saved, extra)
    assert torch.equal(Z, before) and not Z.requires_grad
    assert saved_bytes(f, Z.double()) == (2 * saved, 2 * extra)


def test_costs_come_one_by_one_and_make_sense() -> None:
    seen = []

    def slow(z: torch.Tensor) -> torch.Tensor:
        seen.append("slow")
        time.sleep(0.002)
        return z * 2

    costs = compare({"fast": torch.relu, "slow": slow, "flat": torch.ones_like}, elements=1000, repeats=3)
    assert next(costs).name == "fast" and not seen
    slow_cost, flat = costs
    assert slow_cost.forward_ns >= 2000 and slow_cost.backward_ns < slow_cost.forward_ns
    assert flat.backward_ns == 0 and flat.saved_bytes == 0


def test_works_without_gradients_and_in_other_dtypes() -> None:
    with torch.no_grad():
        cost = measure("gelu", F.gelu, 512, 2, dtype=torch.bfloat16)
    assert cost.saved_bytes == cost.extra_bytes == 2
    assert cost.forward_ns > 0 and cost.backward_ns > 0


def test_bad_input_gets_a_sentence() -> None:
    with pytest.raises(ValueError, match="at least 1, not 0"):
        compare({}, elements=0)
