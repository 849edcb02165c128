r"""Learning-rate schedules: by what the learning rate is multiplied in each step, η_t = η · m(t).

A large rate finds the region, a small one the bottom: at a constant rate noisy gradients keep the weights
dancing around the minimum, at a distance that grows with η.

Each m(t), t = 0 … T - 1, is the factor that torch.optim.lr_scheduler gives for step t. Cosine, restarts:
Loshchilov, Hutter, "SGDR: Stochastic gradient descent with warm restarts", 2017; one-cycle: Smith, Topin,
"Super-convergence", 2018; warm-up: Goyal et al., "Accurate, large minibatch SGD", 2017.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Parameter:
    """A number that shapes a schedule; `name` is unique over the whole family."""

    name: str
    symbol: str
    default: float
    low: float
    high: float
    step: float
    log: bool = False


@dataclass(frozen=True)
class Schedule:
    """One member of the family: multiplier(t, T, **parameters) for step t of T."""

    title: str
    formula: str
    multiplier: Callable[..., float]
    note: str
    torch_call: str  # with the optimizer `opt` and T steps; the rate given to opt is the largest one
    parameters: tuple[Parameter, ...] = ()


def constant(t: int, T: int) -> float:
    return 1.0


def step(t: int, T: int, every: float = 50, drop: float = 0.5) -> float:
    return drop ** (t // int(every))


def exponential(t: int, T: int, gamma: float = 0.98) -> float:
    return gamma**t


def cosine(t: int, T: int, floor: float = 0.0) -> float:
    return floor + (1 - floor) * (1 + math.cos(math.pi * t / T)) / 2


def one_cycle(t: int, T: int, rise: float = 0.3, divide: float = 25.0) -> float:
    # From 1 / divide up to 1 and down to almost nothing, each along half a cosine.
    first, last, peak = 1 / divide, 1 / (divide * 1e4), rise * T - 1
    if t <= peak:
        return _half_cosine(first, 1.0, t / peak if peak else 1.0)
    return _half_cosine(1.0, last, (t - peak) / (T - 1 - peak))


def _half_cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2


def warmup(t: int, T: int, warm: float = 20, first: float = 0.05) -> float:
    return first + (1 - first) * min(t, int(warm)) / int(warm)


def restarts(t: int, T: int, period: float = 50, stretch: float = 1) -> float:
    length = int(period)
    while t >= length:
        t, length = t - length, length * int(stretch)
    return (1 + math.cos(math.pi * t / length)) / 2


SCHEDULES: dict[str, Schedule] = {
    "constant": Schedule(
        "Constant",
        r"m_t = 1",
        constant,
        "Nothing to choose, nothing lost on a smooth bowl; with noise it never settles.",
        "ConstantLR(opt, factor=1.0)",
    ),
    "step": Schedule(
        "Step",
        r"m_t = \gamma^{\lfloor t / k \rfloor}",
        step,
        "Drops by a factor every k steps: the classic of image networks; when to drop must be guessed.",
        "StepLR(opt, step_size={every:.0f}, gamma={drop})",
        (Parameter("every", "k", 50, 1, 500, 1), Parameter("drop", r"\gamma", 0.5, 0.01, 1.0, 0.01)),
    ),
    "exponential": Schedule(
        "Exponential",
        r"m_t = \gamma^t",
        exponential,
        "Shrinks by the same share in each step; a γ only slightly too small stops long before the minimum.",
        "ExponentialLR(opt, gamma={gamma})",
        (Parameter("gamma", r"\gamma", 0.98, 0.8, 1.0, 0.001),),
    ),
    "cosine": Schedule(
        "Cosine",
        r"m_t = f + \tfrac{1 - f}{2} \left(1 + \cos\tfrac{\pi t}{T}\right)",
        cosine,
        "Long at full speed, gentle at the end, one number to choose; the length must be known beforehand.",
        "CosineAnnealingLR(opt, T_max={T}, eta_min={lr} * {floor})",
        (Parameter("floor", "f", 0.0, 0.0, 1.0, 0.01),),
    ),
    "one_cycle": Schedule(
        "One cycle",
        r"m_t: \tfrac1d \nearrow 1 \searrow \tfrac{1}{10^4 d}",
        one_cycle,
        "Warms up, then cools far below the start: trains fast at rates too large for a first step.",
        "OneCycleLR(opt, max_lr={lr}, total_steps={T}, pct_start={rise}, div_factor={divide}, cycle_momentum=False)",
        (
            Parameter("rise", "r", 0.3, 0.05, 0.95, 0.05),
            Parameter("divide", "d", 25.0, 1.0, 100.0, 1.0, log=True),
        ),
    ),
    "warmup": Schedule(
        "Warm-up",
        r"m_t = f + (1 - f) \min(t / w, 1)",
        warmup,
        "Small first steps, until the averages of Adam mean something; does nothing for the end of training.",
        "LinearLR(opt, start_factor={first}, total_iters={warm:.0f})",
        (Parameter("warm", "w", 20, 1, 500, 1), Parameter("first", "f", 0.05, 0.001, 1.0, 0.001)),
    ),
    "restarts": Schedule(
        "Warm restarts",
        r"m_t = \tfrac12 \left(1 + \cos\tfrac{\pi t_i}{T_i}\right),\quad T_{i+1} = s\,T_i",
        restarts,
        "Each restart may jump into another minimum; the ends of the cycles make an ensemble of snapshots.",
        "CosineAnnealingWarmRestarts(opt, T_0={period:.0f}, T_mult={stretch:.0f})",
        (Parameter("period", "T_0", 50, 2, 500, 1), Parameter("stretch", "s", 1, 1, 4, 1)),
    ),
}


def multipliers(name: str, steps: int, **parameters: float) -> list[float]:
    """m(t) for t = 0 … steps - 1; missing parameters take their defaults."""
    numbers = _check(name, steps, parameters)
    return [SCHEDULES[name].multiplier(t, steps, **numbers) for t in range(steps)]


def torch_scheduler_call(name: str, lr: float, steps: int, **parameters: float) -> str:
    """The same schedule in torch, for the optimizer `opt` whose rate is lr."""
    numbers = _check(name, steps, parameters)
    call = SCHEDULES[name].torch_call.format(lr=lr, T=steps, **numbers)
    return f"torch.optim.lr_scheduler.{call}"


def _check(name: str, steps: int, parameters: dict[str, float]) -> dict[str, float]:
    if name not in SCHEDULES:
        raise ValueError(f"There is no schedule {name!r}; choose one of {', '.join(SCHEDULES)}.")
    if steps < 0:
        raise ValueError(f"The number of steps must be 0 or more, not {steps}.")
    own = {p.name: p for p in SCHEDULES[name].parameters}
    for key, value in parameters.items():
        if key not in own:
            allowed = "only " + ", ".join(own) if own else "no parameters"
            raise ValueError(f"{SCHEDULES[name].title} takes {allowed}, not {key!r}.")
        if not own[key].low <= value <= own[key].high:
            raise ValueError(f"{key} must lie between {own[key].low:g} and {own[key].high:g}, not {value:g}.")
    return {p.name: parameters.get(p.name, p.default) for p in own.values()}
