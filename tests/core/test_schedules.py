"""Schedules: step by step against torch.optim.lr_scheduler."""

import warnings

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.schedules import SCHEDULES, multipliers, torch_scheduler_call

NAMES = pytest.mark.parametrize("name", SCHEDULES)


def by_torch(name: str, steps: int, lr: float, parameters: dict[str, float]) -> list[float]:
    opt = torch.optim.SGD([torch.zeros(1)], lr=lr)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # no opt.step() before scheduler.step()
        scheduler = eval(torch_scheduler_call(name, lr, steps, **parameters), {"torch": torch, "opt": opt})
        rates = []
        for t in range(steps):
            rates.append(opt.param_groups[0]["lr"] / lr)
            if t < steps - 1:
                scheduler.step()
    return rates


@NAMES
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_equals_torch(name: str, data: st.DataObject) -> None:
    steps = data.draw(st.integers(2, 150))
    lr = data.draw(st.floats(1e-3, 1.0))
    parameters: dict[str, float] = {}
    for p in SCHEDULES[name].parameters:
        whole = p.step == 1 and p.name != "divide"
        span = st.integers(int(p.low), int(p.high)) if whole else st.floats(p.low, p.high)
        parameters[p.name] = data.draw(span)
    if name == "one_cycle" and abs(parameters["rise"] * steps - 1) < 1e-9:
        return  # torch divides by zero there
    expected = by_torch(name, steps, lr, parameters)
    # torch multiplies from step to step and so gathers rounding errors; one_cycle ends at 1e-6
    assert multipliers(name, steps, **parameters) == pytest.approx(expected, rel=1e-6, abs=1e-9)


@NAMES
@given(steps=st.integers(0, 60))
@settings(max_examples=15, deadline=None)
def test_one_factor_for_each_step_and_none_above_1(name: str, steps: int) -> None:
    factors = multipliers(name, steps)
    assert len(factors) == steps
    assert all(0 <= m <= 1 for m in factors)


def test_shapes_that_anyone_can_check_by_eye() -> None:
    assert multipliers("constant", 3) == [1, 1, 1]
    assert multipliers("step", 6, every=2, drop=0.5) == [1, 1, 0.5, 0.5, 0.25, 0.25]
    assert multipliers("warmup", 4, warm=2, first=0.5) == [0.5, 0.75, 1, 1]
    assert multipliers("cosine", 4)[0::2] == pytest.approx([1, 0.5])
    assert multipliers("restarts", 7, period=2, stretch=2) == pytest.approx(
        [1, 0.5, 1, 0.853553, 0.5, 0.146447, 1], abs=1e-6
    )
    assert max(multipliers("one_cycle", 100)) == pytest.approx(1.0, abs=1e-2)


@NAMES
def test_what_bad_input_gets(name: str) -> None:
    with pytest.raises(ValueError, match="0 or more"):
        multipliers(name, -1)
    with pytest.raises(ValueError, match="not 'banana'"):
        multipliers(name, 3, banana=1)
    for p in SCHEDULES[name].parameters:
        with pytest.raises(ValueError, match="between"):
            multipliers(name, 3, **{p.name: p.high * 2 + 1})
        with pytest.raises(ValueError, match="between"):
            multipliers(name, 3, **{p.name: float("nan")})


def test_no_such_schedule() -> None:
    with pytest.raises(ValueError, match="choose one of constant"):
        multipliers("zigzag", 3)
