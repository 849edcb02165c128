"""The walks that the controls of the optimizer pages ask for: on which ground, by which runs, as which calls."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from app.code import Call, Verbatim
from app.controls import frozen
from app.figures import palette
from app.figures.film import film
from app.figures.terrain import Relief
from app.i18n import gettext as _
from core import descent, fields, formula, landscapes, optimizers, schedules, surfaces, torch_walk
from core.descent import Path, Run
from core.fields import Field
from core.optimizers import RULES
from core.surfaces import SURFACES

OWN, DATA = "own", "data"  # beside the ids of the family: the visitor's formula, a regression in mini-batches
OWN_START, DATA_START, DATA_VIEW = (2.0, 1.5), (-1.5, 3.0), (-2.0, 4.0, -3.0, 4.0)
BATCH, TOLERANCE = 200, 1e-3
RATES = 1e-4, 10.0
Now = Mapping[str, Any]


@dataclass(frozen=True)
class Ground:
    """What is walked on."""

    field: Field
    view: tuple[float, float, float, float]
    minima: tuple[tuple[float, float], ...] = ()
    local_minima: tuple[tuple[float, float], ...] = ()
    log_levels: bool = False

    @property
    def lowest(self) -> float | None:
        """The loss at the lowest minimum; None where no minimum is known."""
        return min((float(self.field.f(*m)) for m in self.minima), default=None)

    @property
    def steepest(self) -> float | None:
        """The largest curvature at a known minimum."""
        return max((fields.lambda_max(self.field, m) for m in self.minima), default=None)


# --- What they ask for ---


def parts(now: Now) -> dict[str, Call]:
    """f, its gradient and its Hessian as calls that the exported code can show."""
    id = now["surface"]
    if id == DATA:
        made = (landscapes.regression_loss, landscapes.regression_gradient, landscapes.regression_hessian)
        return {name: Call(part, {"data": data_call(now)}) for name, part in zip(_PARTS, made, strict=True)}
    if id == OWN:
        names = formula.parse(now["formula"], ("x", "y")).parameters
        typed = Call(formula.surface, {"text": now["formula"], **{n: now[n] for n in names}})
        field = Call(fields.field_of, {"f": typed})
    else:
        own = (p.name for p in SURFACES[id].parameters)
        bound = Call(surfaces.bind, {"name": id, **{n: now[n] for n in own if n in now}})
        field = Call(fields.exact, {"surface": bound})
    return {name: replace(field, attribute=name) for name in _PARTS}


_PARTS = ("f", "gradient", "hessian")


def data_call(now: Now) -> Call:
    return Call(landscapes.regression, {"n": BATCH, "seed": int(now.get("seed", 0))})


def steps_call(now: Now) -> Call:
    """The gradients of the mini-batches, one for each step."""
    arguments = {
        "data": data_call(now),
        "batch": now["batch"],
        "steps": now["steps"],
        "seed": int(now.get("seed", 0)),
    }
    return Call(landscapes.minibatch_gradients, arguments)


def ground(now: Now) -> Ground:
    id, field = now["surface"], Field(*(part() for part in parts(now).values()))
    if id == DATA:
        return Ground(field, DATA_VIEW, (data_call(now)().best,), (), True)
    if id == OWN:
        half = now["size"]
        return Ground(field, (-half, half, -half, half))
    s = SURFACES[id]
    return Ground(field, s.view, s.minima, s.local_minima, s.log_levels)


def seen(now: Now) -> tuple[Tensor, Tensor, Tensor, Relief]:
    """The surface on a grid, and how its heights are drawn. Kept for a moment: it rests while paths move."""
    kept = ("surface", "formula", "size", "seed", *surfaces.PARAMETERS, *formula.PARAMETERS)
    return _seen(frozen(now, kept))


@lru_cache(16)
def _seen(key: tuple[Any, ...]) -> tuple[Tensor, Tensor, Tensor, Relief]:
    on = ground(dict(key))
    shown = fields.grid(on.field.f, on.view, 81)
    return shown.x, shown.y, shown.z, Relief(shown.z, on.log_levels)


def start_of(now: Now) -> tuple[float, float]:
    return now[f"{now['surface']}_start_x"], now[f"{now['surface']}_start_y"]


def run_of(rule: str, now: Now, lr: float | None = None) -> Run:
    """A rule with the numbers that the page has for it."""
    hyper = {p.name: float(now[f"{rule}_{p.name}"]) for p in RULES[rule].parameters if f"{rule}_{p.name}" in now}
    if now.get("rates") == "own":
        lr = now.get(f"{rule}_lr", lr)
    decay, kind = now.get("decay", 0.0), now.get("decay_kind", "own")
    decoupled = kind == "decoupled" or (kind == "own" and RULES[rule].decay > 0)
    multipliers = factors(now) if now.get("schedule", "constant") != "constant" else ()
    return Run(RULES[rule], now.get("lr") if lr is None else lr, hyper, l2=0.0 if decoupled else decay,
               decay=decay * decoupled if decay else None, clip=now.get("clip", 0.0), noise=now.get("noise", 0.0),
               seed=int(now.get("seed", 0)), schedule=multipliers)  # fmt: skip


def factors(now: Now) -> list[float]:
    """m(t) of the schedule, for each step."""
    id = now.get("schedule", "constant")
    return schedules.multipliers(id, now["steps"], **{p.name: now[p.name] for p in schedules.SCHEDULES[id].parameters})


def starts(now: Now) -> Tensor:
    """The start, and more of them on a circle around it."""
    here = torch.tensor([start_of(now)], dtype=torch.float64)
    n = now.get("starts", 1)
    angle = 2 * math.pi * torch.arange(n - 1, dtype=torch.float64) / max(1, n - 1)
    around = here + now.get("spread", 0.5) * torch.stack([angle.cos(), angle.sin()], 1)
    return torch.cat([here, around]) if n > 1 else here


@dataclass(frozen=True)
class Walks:
    """The paths of all rules, and what is measured along them."""

    ground: Ground
    runs: dict[str, Run]
    paths: dict[str, Path]
    curves: dict[str, landscapes.Curves]
    scores: dict[str, landscapes.Score]

    @property
    def rates(self) -> dict[str, float]:
        return {r: float(run.lr) for r, run in self.runs.items()}  # type: ignore[arg-type]

    @property
    def lost(self) -> dict[str, int]:
        """At which step the first start of a rule diverged, for those that did."""
        return {r: int(p.diverged_at[0]) for r, p in self.paths.items() if p.diverged_at[0] >= 0}

    def height(self, rule: str) -> Tensor:
        """The loss along the path of the first start, above the lowest minimum where one is known."""
        loss, lowest = self.curves[rule].loss[:, 0], self.ground.lowest
        return loss if lowest is None else (loss - lowest).clamp(min=1e-16)


def walked(rules: Sequence[str], now: Now, best: Mapping[str, float] | None = None, inside: bool = False) -> Walks:
    """Every rule from the present start. Kept for a moment: several figures ask for the same."""
    return _walked(tuple(rules), frozen(now), tuple((best or {}).items()), inside)


@lru_cache(8)
def _walked(rules: tuple[str, ...], key: tuple[Any, ...], best: tuple[Any, ...], inside: bool) -> Walks:
    now, rates = dict(key), dict(best)
    on, steps = ground(now), now["steps"]
    runs = {rule: run_of(rule, now, rates.get(rule)) for rule in rules}
    gradient = steps_call(now)() if now["surface"] == DATA else on.field.gradient
    paths = descent.race(gradient, starts(now), runs, steps, hessian=on.field.hessian, inside=inside,
                            together=now["surface"] == OWN)  # fmt: skip
    measured = {r: landscapes.curves(p.points, on.field.f, on.field.gradient, on.minima) for r, p in paths.items()}
    scores = {r: landscapes.scoreboard(p.points, p.diverged_at, on.field.f, on.minima, TOLERANCE)
              for r, p in paths.items()}  # fmt: skip
    return Walks(on, runs, paths, measured, scores)


def columns(rules: Sequence[str], now: Now, best: Mapping[str, float]) -> dict[str, list[float]]:
    """The paths and the losses, step by step, as columns of a file; of the first start."""
    found = walked(rules, now, best)
    table: dict[str, list[float]] = {"step": [float(t) for t in range(now["steps"] + 1)]}
    for rule, path in found.paths.items():
        x, y = path.points[:, 0].T.tolist()
        table |= {f"{rule} x": x, f"{rule} y": y, f"{rule} loss": found.curves[rule].loss[:, 0].tolist()}
    return table


def playback(rules: Sequence[str], now: Now, best: Mapping[str, float]) -> bytes:
    """The walk as a GIF."""
    found, (_x, _y, z, relief) = walked(rules, now, best), seen(now)
    colors = {_(RULES[r].title): palette.style(list(RULES).index(r))[0] for r in rules}
    ways = {_(RULES[r].title): path.points for r, path in found.paths.items()}
    return film(z, relief, found.ground.view, ways, colors, found.ground.minima)


def best_rate(rule: str, now: Now) -> float:
    """Of 61 rates between 0.0001 and 10, all walked at once, the one with the lowest loss at the end."""
    walk = walker_call(rule, now, "lr")()
    return landscapes.best_lr(walk, ground(now).field.f, start_of(now), *RATES).lr


def best_rates(rules: Sequence[str], now: Now) -> dict[str, float]:
    return {rule: best_rate(rule, now) for rule in rules}


def walker_call(rule: str, now: Now, *varied: str) -> Call:
    """walk(starts, …) for thousands of starts at once, with what is `varied` left open."""
    run, of = run_of(rule, now), parts(now)
    told = {"lr": run.lr, **_told(run)}
    named = Call(optimizers.named, {"id": rule})
    return Call(descent.walker, {"grad": of["gradient"], "rule": named, "steps": now["steps"],
                                    **({"varied": list(varied)} if varied else {}),
                                    **({"hessian": of["hessian"]} if RULES[rule].curved else {}),
                                    **{n: v for n, v in told.items() if n not in varied}})  # fmt: skip


def descend_call(rule: str, now: Now, run: Run, **more: Any) -> Call:
    """The walk of one rule with our formulas."""
    of = parts(now)
    walk = {"grad": steps_call(now) if now["surface"] == DATA else of["gradient"], "start": start_of(now),
            "rule": Call(optimizers.named, {"id": rule}), "steps": now["steps"], "lr": run.lr,
            "hessian": of["hessian"]}  # fmt: skip
    return Call(descent.descend, {**walk, **_told(run), **more})


def _told(run: Run) -> dict[str, Any]:
    """What a run is told beside its rate: its hyperparameters, and what is done to the gradients, where it is."""
    rest = {"l2": run.l2, "decay": run.decay, "clip": run.clip, "noise": run.noise, "seed": run.seed,
            "schedule": list(run.schedule)}  # fmt: skip
    return {**{n: v for n, v in rest.items() if v}, **run.hyper}


def verdict_call(rule: str, now: Now, run: Run) -> Call:
    """The walk of one rule as exported code: with torch.optim where it has the rule, else with our formulas."""
    of = parts(now)
    told = {"name": rule, "f": of["f"]}
    judged = {"minima": list(ground(now).minima), "tolerance": TOLERANCE}
    numbers: dict[str, Any] = {**run.hyper, "lr": run.lr, "l2": run.l2, "decay": run.decay}
    optimizer = descent.torch_optim_call(RULES[rule], numbers)
    if optimizer is None or now["surface"] == DATA:
        return Call(torch_walk.judge_path, {**told, "path": descend_call(rule, now, run), "lr": run.lr, **judged})
    more: dict[str, Any] = {"clip": run.clip, "noise": run.noise, "seed": run.seed} if run.clip + run.noise else {}
    if run.schedule:
        id = now["schedule"]
        shape: dict[str, float] = {p.name: now[p.name] for p in schedules.SCHEDULES[id].parameters}
        text = schedules.torch_scheduler_call(id, numbers["lr"], now["steps"], **shape)
        more |= {"scheduler": Verbatim(f"lambda opt: {text}")}
    walk = {"start": start_of(now), "optimizer": Verbatim(f"lambda p: {optimizer}"), "steps": now["steps"]}
    return Call(torch_walk.walk, {**told, **walk, **more, **judged})
