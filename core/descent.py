r"""Walking downhill by a rule: from one start or thousands, with noise, clipping, decay and schedules on the way.

A rule (core/optimizers.py) answers a gradient g with a direction and a rate for each coordinate. Then

    w ← (1 - lr λ) w - rate ⊙ direction

λ is decoupled weight decay (0 for most); L2 regularisation adds l2 · w to g instead. Before that g may get
noise N(0, α²) and be clipped to the length θ, as in a training loop: backward, clip, step.

x and y are walked as two numbers. A few starts are walked in plain Python floats, because torch takes fifty
times as long to add two numbers as the addition takes; many starts are walked as two tensors (starts,) by the
same lines. Then lr and the hyperparameters may be such tensors too: one sweep is one walk.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

Real = float | Tensor  # one number, or one for each start
Pair = tuple[Real, Real]
State = tuple[Any, ...]
Gradient = Callable[[Any, Any], Pair]  # (x, y) -> (df/dx, df/dy)
Hessian = Callable[[Any, Any], tuple[Real, Real, Real]]  # (x, y) -> (h_xx, h_xy, h_yy)

FAR = 1e8  # a path that gets here has diverged
FEW = 16  # up to so many starts floats are faster than tensors


@dataclass(frozen=True)
class Run:
    """A rule and its numbers; lr and hyper may hold tensors (starts,), one number for each start."""

    rule: Any  # a Rule of core/optimizers.py
    lr: Real | None = None  # None: the rule's own
    hyper: Mapping[str, Real] = field(default_factory=dict)  # those missing take their defaults
    l2: float = 0.0  # adds l2 · w to the gradient
    decay: float | None = None  # decoupled weight decay; None: the rule's own
    clip: float = 0.0  # gradients longer than this are shortened to it; 0: off
    noise: float = 0.0  # standard deviation of the noise on each coordinate of the gradient
    seed: int = 0
    schedule: Sequence[float] = ()  # lr of step t is lr · schedule[t]; empty: constant


@dataclass(frozen=True)
class Inside:
    """What happened inside each step; (steps, starts, 2), 0 from the step that diverged on."""

    gradient: Tensor  # with noise, clipping and L2
    direction: Tensor
    rate: Tensor  # the effective learning rate of each coordinate
    update: Tensor  # -rate · direction
    memory: dict[str, Tensor]  # by symbol, after the step


@dataclass(frozen=True)
class Path:
    """Where the starts went. A diverged one stays where it was last seen within FAR."""

    points: Tensor  # (steps + 1, starts, 2)
    diverged_at: Tensor  # (starts,) the step that left FAR or was not a number; -1: none
    inside: Inside | None = None


def descend(
    grad: Gradient | Sequence[Gradient],
    start: Tensor | Sequence[float],
    rule: Any,
    steps: int,
    lr: Real | None = None,
    *,
    hessian: Hessian | None = None,
    inside: bool = False,
    l2: float = 0.0,
    decay: float | None = None,
    clip: float = 0.0,
    noise: float = 0.0,
    seed: int = 0,
    schedule: Sequence[float] = (),
    **hyper: Real,
) -> Path:
    """Walk `steps` steps from `start`, (2,) or (starts, 2); one gradient for all steps, or one for each."""
    run = Run(rule, lr, hyper, l2, decay, clip, noise, seed, schedule)
    return race(grad, start, {"only": run}, steps, hessian=hessian, inside=inside)["only"]


def race(
    grad: Gradient | Sequence[Gradient],
    start: Tensor | Sequence[float],
    runs: Mapping[str, Run],
    steps: int,
    *,
    hessian: Hessian | None = None,
    inside: bool = False,
    together: bool = False,
) -> dict[str, Path]:
    """Several runs from the same starts; with `together` each step calls `grad` once for all of them.

    That pays where a gradient is dear, as autograd of a typed formula is; closed forms are faster one by one.
    """
    points, grads = _starts(start), _gradients(grad, steps)
    few = len(points) <= FEW and points.device.type == "cpu" and points.dtype == torch.float64
    walkers: dict[str, list[_Walker]] = {}
    for name, wanted in runs.items():
        run = _check(wanted, steps, len(points), hessian)
        noise = _noise(run, points, steps)
        if few and not any(isinstance(n, Tensor) for n in (run.lr, *run.hyper.values())):
            rows = [n.tolist() for n in noise]  # [step][start]
            walkers[name] = [
                _Walker(run, x, y, hessian, iter([row[i] for row in rows]), inside)
                for i, (x, y) in enumerate(points.tolist())
            ]
        else:
            columns = (n.unbind(-1) for n in noise)
            walkers[name] = [_Walker(run, points[:, 0], points[:, 1], hessian, columns, inside)]
    singles = [w for group in walkers.values() for w in group if w.single]
    crowds = [w for group in walkers.values() for w in group if not w.single]
    with torch.no_grad():
        _walk(singles, grads, together)
        _walk(crowds, grads, together=False)
    return {name: _path(group, steps, points) for name, group in walkers.items()}


def arrive(
    grad: Gradient | Sequence[Gradient], start: Tensor, run: Run, steps: int, hessian: Hessian | None = None
) -> tuple[Tensor, Tensor]:
    """Only the ends (starts, 2) and diverged_at (starts,): for so many starts that their paths do not fit."""
    points = _starts(start)
    run = _check(run, steps, len(points), hessian)
    columns = (n.unbind(-1) for n in _noise(run, points, steps))
    walker = _Walker(run, points[:, 0], points[:, 1], hessian, columns)
    with torch.no_grad():
        for step_grad in _gradients(grad, steps):
            walker.step(*step_grad(walker.x, walker.y))
    return torch.stack([walker.x, walker.y], -1), walker.diverged_at


def walker(
    grad: Gradient, rule: Any, steps: int, lr: Real | None = None, varied: Sequence[str] = (), *,
    hessian: Hessian | None = None, **more: Any,
) -> Callable[..., tuple[Tensor, Tensor]]:  # fmt: skip
    """walk(starts, *values) -> (ends, diverged_at), with `varied` (lr or hyperparameters) one value for each start."""
    rates = {name: more.pop(name) for name in ("l2", "decay", "clip", "noise", "seed", "schedule") if name in more}

    def walk(starts: Tensor, *values: Tensor) -> tuple[Tensor, Tensor]:
        given = dict(zip(varied, values, strict=True))
        run = Run(rule, given.pop("lr", lr), {**more, **given}, **rates)
        return arrive(grad, starts, run, steps, hessian)

    return walk


def anatomy(path: Path, t: int) -> dict[str, tuple[float, float]]:
    """What happened inside step t (from 1) of the first start, x and y of each quantity, in the order of the rule."""
    inside, steps = path.inside, len(path.points) - 1
    if inside is None or not 1 <= t <= steps:
        raise ValueError(f"A step from 1 to {steps} of a walk with inside=True is wanted, not {t}.")
    parts = {"w": path.points[t - 1], "g": inside.gradient[t - 1]}
    parts |= {symbol: values[t - 1] for symbol, values in inside.memory.items()}
    parts |= {
        "direction": inside.direction[t - 1],
        "rate": inside.rate[t - 1],
        "update": inside.update[t - 1],
    }
    parts["w next"] = path.points[t]
    return {name: (values[0, 0].item(), values[0, 1].item()) for name, values in parts.items()}


class _Walker:
    """One run on its way: floats for one start, tensors (starts,) for many."""

    def __init__(
        self, run: Run, x: Any, y: Any, hessian: Hessian | None, noise: Iterator[Any], inside: bool = False
    ) -> None:
        self.run, self.x, self.y, self.hessian, self.noise = run, x, y, hessian, noise
        self.rule, self.hyper, self.t = run.rule, tuple(run.hyper.values()), 0
        self.state_x: State = (0.0,) * len(self.rule.memory)
        self.state_y = self.state_x
        self.single = not isinstance(x, Tensor)
        self.diverged_at: Any = -1 if self.single else torch.full_like(x, -1, dtype=torch.long)
        self.complete = True  # none of many has diverged yet
        self.trail: list[Any] = [(x, y)]
        self.log: list[State] | None = [] if inside else None

    def step(self, gx: Any, gy: Any) -> None:
        """From the gradient at this point to the next point."""
        run, rule, x, y = self.run, self.rule, self.x, self.y
        self.t += 1
        lr: Any = run.lr
        if run.schedule:
            lr = lr * run.schedule[self.t - 1]
        if run.noise:
            noise_x, noise_y = next(self.noise)
            gx, gy = gx + noise_x, gy + noise_y
        if run.clip:
            # the 1e-6 as in torch.nn.utils.clip_grad_norm_
            shorten: Any = run.clip / ((gx * gx + gy * gy) ** 0.5 + 1e-6)
            shorten = shorten.clamp(max=1.0) if isinstance(shorten, Tensor) else min(shorten, 1.0)
            gx, gy = shorten * gx, shorten * gy
        if run.l2:
            gx, gy = gx + run.l2 * x, gy + run.l2 * y
        if rule.pairs:
            g = (gx, gy, *self._curvature()) if rule.curved else (gx, gy)
            (dx, dy), (rate_x, rate_y), self.state_x = rule.step(g, lr, self.t, self.state_x, *self.hyper)
        else:
            dx, rate_x, self.state_x = rule.step(gx, lr, self.t, self.state_x, *self.hyper)
            dy, rate_y, self.state_y = rule.step(gy, lr, self.t, self.state_y, *self.hyper)
        if self.log is not None:
            memory = [] if rule.pairs else zip(self.state_x, self.state_y, strict=True)
            self.log.append((gx, gy, dx, dy, rate_x, rate_y, *(n for pair in memory for n in pair)))
        if run.decay:
            x, y = (1 - lr * run.decay) * x, (1 - lr * run.decay) * y
        self._move(x - rate_x * dx, y - rate_y * dy)

    def _curvature(self) -> tuple[Any, Any, Any]:
        assert self.hessian is not None  # _check has seen to it
        hxx, hxy, hyy = self.hessian(self.x, self.y)
        return hxx + self.run.l2, hxy, hyy + self.run.l2

    def _move(self, x: Any, y: Any) -> None:
        if self.single:
            if -FAR < x < FAR and -FAR < y < FAR:  # false for NaN
                self.x, self.y = x, y
            else:
                self.diverged_at = self.t
            return
        here = (x.abs() < FAR) & (y.abs() < FAR)
        if self.complete and bool(here.all()):  # the usual case, and the faster one
            self.x, self.y = x, y
            return
        self.complete = False
        self.diverged_at = torch.where(~here & (self.diverged_at < 0), self.t, self.diverged_at)
        going = self.diverged_at < 0
        self.x, self.y = torch.where(going, x, self.x), torch.where(going, y, self.y)


def _walk(walkers: list[_Walker], grads: Sequence[Gradient], together: bool) -> None:
    for grad in grads:
        going = [w for w in walkers if not w.single or w.diverged_at < 0]
        if together and going:
            x, y = torch.tensor([(w.x, w.y) for w in going], dtype=torch.float64).T
            slopes = torch.stack([torch.as_tensor(g) for g in grad(x, y)], -1).tolist()
            for w, slope in zip(going, slopes, strict=True):
                w.step(*slope)
        else:
            for w in going:
                w.step(*grad(w.x, w.y))
        for w in going:
            w.trail.append((w.x, w.y))


def _path(walkers: list[_Walker], steps: int, points: Tensor) -> Path:
    """Of several walkers in floats, or of one in tensors."""
    first = walkers[0]
    if not first.single:
        trail = torch.stack([torch.stack(xy, -1) for xy in first.trail])
        diverged_at = first.diverged_at
    else:
        trails = [w.trail + [w.trail[-1]] * (steps + 1 - len(w.trail)) for w in walkers]
        trail = torch.tensor(trails, dtype=torch.float64).transpose(0, 1).contiguous()
        diverged_at = torch.tensor([w.diverged_at for w in walkers])
    return Path(trail, diverged_at, None if first.log is None else _inside(walkers, steps, points, diverged_at))


def _inside(walkers: list[_Walker], steps: int, points: Tensor, diverged_at: Tensor) -> Inside:
    first = walkers[0]
    width = 6 + (0 if first.rule.pairs else 2 * len(first.rule.memory))
    values = points.new_zeros(steps, len(points), width)
    for i, w in enumerate(walkers):
        log = w.log or []
        if w.single:
            values[: len(log), i] = torch.tensor(log, dtype=points.dtype).reshape(-1, width)
        else:
            for t, row in enumerate(log):
                for j, number in enumerate(row):
                    values[t, :, j] = number
    gone = (diverged_at >= 0) & (torch.arange(1, steps + 1, device=points.device)[:, None] >= diverged_at)
    values = values.masked_fill(gone[..., None], 0.0).reshape(*gone.shape, width // 2, 2)
    gradient, direction, rate, *memory = values.unbind(-2)
    named = dict(zip(first.rule.memory, memory, strict=False))
    return Inside(gradient, direction, rate, -rate * direction, named)


# --- What is allowed ----------------------------------------------------------------------------------------


def _starts(start: Tensor | Sequence[float]) -> Tensor:
    points = start if isinstance(start, Tensor) else torch.tensor(start, dtype=torch.float64)
    points = points[None] if points.ndim == 1 else points
    if points.ndim != 2 or points.shape[-1] != 2 or not points.is_floating_point():
        raise ValueError(f"A start is (x, y), several are of shape (starts, 2), not {tuple(points.shape)}.")
    if not bool((points.abs() < FAR).all()):
        raise ValueError(f"A start must be finite and nearer to 0 than {FAR:g}.")
    return points


def _gradients(grad: Gradient | Sequence[Gradient], steps: int) -> Sequence[Gradient]:
    if steps < 0:
        raise ValueError(f"The number of steps must be 0 or more, not {steps}.")
    if not isinstance(grad, Sequence):
        return [grad] * steps
    if len(grad) < steps:
        raise ValueError(f"{steps} steps need {steps} gradients, not {len(grad)}.")
    return grad[:steps]


def _check(run: Run, steps: int, starts: int, hessian: Hessian | None) -> Run:
    """The run with all its numbers filled in and found good."""
    rule = run.rule
    own = {p.name: p for p in rule.parameters}
    for name in run.hyper:
        if name not in own:
            allowed = "only " + ", ".join(own) if own else "no parameter but lr"
            raise ValueError(f"{rule.title} takes {allowed}, not {name!r}.")
    if rule.curved and hessian is None:
        raise ValueError(f"{rule.title} needs the Hessian of the surface, and none was given.")
    if 0 < len(run.schedule) < steps:
        raise ValueError(f"The schedule needs a factor for each of {steps} steps, not {len(run.schedule)}.")
    decay = rule.decay if run.decay is None else run.decay
    for name in ("l2", "clip", "noise"):
        _number(name, getattr(run, name), 0.0, math.inf, starts)
    for factor in (decay, *run.schedule):
        _number("weight decay" if factor is decay else "a factor of the schedule", factor, 0.0, math.inf, starts)
    lr = _number("lr", rule.lr if run.lr is None else run.lr, 0.0, math.inf, starts)
    for n, p in own.items():
        if (p.switch or p.step == 1) and isinstance(run.hyper.get(n), Tensor):
            raise ValueError(f"{n} of {rule.title} must be one number for all starts.")
    hyper = {n: _number(n, run.hyper.get(n, p.default), p.low, p.high, starts) for n, p in own.items()}
    return replace(run, lr=lr, hyper=hyper, decay=decay)


def _number(name: str, value: Real, low: float, high: float, starts: int) -> Real:
    """A float, or a tensor (starts,); ValueError where it is not within [low, high]."""
    if isinstance(value, Tensor):
        value = value.reshape(-1)
        if len(value) not in (1, starts):
            raise ValueError(f"{name} must be one number, or one for each of {starts} starts, not {len(value)}.")
        ends = value.min().item(), value.max().item()
    else:
        ends = (value := float(value)), value
    wrong = [v for v in ends if not (low <= v <= high and math.isfinite(v))]
    if wrong:
        allowed = f"finite and {low:g} or above" if high == math.inf else f"between {low:g} and {high:g}"
        raise ValueError(f"{name} must be {allowed}, not {wrong[0]:g}.")
    return value


def _noise(run: Run, points: Tensor, steps: int) -> Iterator[Tensor]:
    """(starts, 2) for each step: the same numbers whether the starts walk as floats or as tensors."""
    if run.noise:
        generator = torch.Generator(points.device).manual_seed(run.seed)
        for _ in range(steps):
            draw = torch.randn(points.shape, generator=generator, dtype=points.dtype, device=points.device)
            yield run.noise * draw


# --- The same in torch --------------------------------------------------------------------------------------


def torch_optim_call(rule: Any, hyperparameters: Mapping[str, float] | None = None) -> str | None:
    """The same rule as torch.optim's constructor for the parameters [p]; None where torch has none.

    `hyperparameters` are those of the rule, and lr, l2 and decay; missing ones take the rule's defaults.
    """
    given = dict(hyperparameters or {})
    l2, lr, decay = given.pop("l2", 0.0), given.pop("lr", None), given.pop("decay", None)
    run = _check(Run(rule, lr, given, l2=l2, decay=decay), 0, 1, lambda x, y: (1.0, 0.0, 1.0))
    decay, call, means = run.decay, rule.torch_call, rule.torch_decay
    if not call or not run.hyper.get("bias_correction", True) or (l2 and decay):
        return None
    if (l2 and means not in ("l2", "either")) or (decay and means not in ("decoupled", "either")):
        return None
    if means == "decoupled":
        weight_decay = f", weight_decay={decay!r}"
    else:
        weight_decay = f", weight_decay={l2 or decay!r}" * bool(l2 or decay)
        weight_decay += ", decoupled_weight_decay=True" * bool(decay)
    values = {p.name: _written(run.hyper[p.name], p) for p in rule.parameters}
    looks_ahead = bool(run.hyper.get("rho"))  # torch refuses nesterov=True without momentum
    return "torch.optim." + call.format(lr=run.lr, decay=weight_decay, nesterov=looks_ahead, **values)


def _written(value: Real, parameter: Any) -> str:
    return str(bool(value)) if parameter.switch else str(int(value)) if parameter.step == 1 else repr(value)
