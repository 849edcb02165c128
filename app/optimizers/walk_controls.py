"""Surfaces, rules and starts as controls, and the words about a walk: what the optimizer pages ask their visitors."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from app import formulas
from app.domains import log_stops
from app.i18n import gettext as _
from app.lab import Lab
from app.optimizers import walks
from core import device, formula, landscapes, optimizers, schedules, surfaces
from core.optimizers import RULES
from core.surfaces import SURFACES

NO_GUESS = (100.0, 100.0)  # nobody clicks there: it is outside of every view


def preset_of(surface: str, rules: str, lr: float, **more: Any) -> dict[str, Any]:
    """The values of a preset of the walk page."""
    return {"surface": surface, "rules": rules.split(), "lr": lr} | more


def choose_surface(lab: Lab, default: str = "ravine", data: bool = True) -> tuple[str, bool]:
    """The surface and what shapes it: its id, and whether it can be walked on (a formula may not be readable)."""
    titles = {id: _(s.title) for id, s in SURFACES.items()} | {walks.OWN: _("Your own f(x, y)")}
    id = lab.choice(
        "surface",
        _("Surface"),
        titles | ({walks.DATA: _("Regression, mini-batches")} if data else {}),
        default,
    )
    if id == walks.DATA:
        lab.slider(
            "batch",
            _("Batch size"),
            1,
            walks.BATCH,
            8,
            help=_("Of {n} points; each step sees so many.").format(n=walks.BATCH),
        )
    if id == walks.OWN:
        text = "x**2 + a * y**2 + 3 * sin(x) * sin(2 * y)"
        readable = formulas.typed(lab, "f(x, y) =", text, ("x", "y"))
        lab.slider("size", _("Half the width of the view"), 0.5, 20.0, 4.0, log=True)
        return id, readable
    for p in SURFACES[id].parameters if id in SURFACES else ():
        lab.slider(p.name, f"${p.symbol}$", p.low, p.high, p.default, p.step, log=p.log)
    return id, True


def place_start(lab: Lab, surface: str) -> tuple[str, str]:
    """The start of each surface is a control of its own: another surface does not move it. The names of x and y."""
    if surface in SURFACES:
        known = SURFACES[surface]
        start, view = known.start, known.view
    else:
        start, view = (
            (walks.OWN_START, (-20.0, 20.0, -20.0, 20.0))
            if surface == walks.OWN
            else (walks.DATA_START, walks.DATA_VIEW)
        )
    with lab.fold(_("Start")):
        lab.point(f"{surface}_start", _("Start"), start, view[:2], view[2:])
    return f"{surface}_start_x", f"{surface}_start_y"


def ask_rates(lab: Lab, readable: bool) -> str:
    """One learning rate for all rules, one for each, or the best of each ("same", "own", "best")."""
    ways = {"same": _("The same for all"), "own": _("Each its own"), "best": _("Each at its best")}
    rates = lab.choice("rates", _("Learning rate"), ways)
    if rates == "same":
        ask_rate(lab, "lr", _("Learning rate η"), 0.06, limit(lab) if readable else math.inf)
    return str(rates)


def ask_rate(lab: Lab, name: str, label: str, default: float, limit: float = math.inf) -> float:
    """A learning rate; the largest stable one is marked below its slider."""
    rate = lab.slider(name, label, *walks.RATES, default, log=True)
    if walks.RATES[0] < limit < walks.RATES[1]:
        with lab.words():
            share = (math.log10(limit) + 4) / 5
            mark = _("2/λ = {limit:.3g}").format(limit=limit)
            side = f"left: {100 * share:.1f}%" if share < 0.75 else f"right: {100 - 100 * share:.1f}%"
            arrow = f"▲ {mark}" if share < 0.75 else f"{mark} ▲"
            st.html(f'<div class="limit"><span style="{side}">{arrow}</span></div>')
    return rate


def ask_parameter(lab: Lab, name: str, p: optimizers.Knob | schedules.Parameter) -> None:
    """A number of a rule or of a schedule; counts are whole."""
    whole = p.step == 1 and not p.log
    low, high, default, step = (int(v) if whole else v for v in (p.low, p.high, p.default, p.step))
    lab.slider(name, f"${p.symbol}$", low, high, default, step, log=p.log, format=None if whole or p.log else "%.3f")


def ask_hyper(lab: Lab, rule: str) -> None:
    """What a rule can be told, under its own name."""
    for p in RULES[rule].parameters:
        if p.switch:
            lab.toggle(f"{rule}_{p.name}", f"${p.symbol}$", bool(p.default))
        else:
            ask_parameter(lab, f"{rule}_{p.name}", p)


def ask_schedule(lab: Lab) -> None:
    id = lab.choice("schedule", _("Schedule"), {id: _(s.title) for id, s in schedules.SCHEDULES.items()})
    for p in schedules.SCHEDULES[id].parameters:
        ask_parameter(lab, p.name, p)


def ask_rules(lab: Lab, rules: Sequence[str], rates: bool) -> None:
    """The hyperparameters of each chosen rule, under a fold."""
    with lab.fold(_("Hyperparameters")):
        for rule in rules:
            with lab.words():
                st.markdown(f"**{_(RULES[rule].title)}**  \n{_(RULES[rule].note)}")
            if rates:
                ask_rate(lab, f"{rule}_lr", "η", RULES[rule].lr)
            ask_hyper(lab, rule)


def ask_more(lab: Lab) -> None:
    """What is done to the gradients and to the rate on the way."""
    with lab.fold(_("Noise, clipping, decay, schedule")):
        lab.slider("noise", _("Noise of the gradient, σ"), 0.0, 5.0, 0.0, 0.05)
        lab.slider("clip", _("Clip gradients longer than"), 0.0, 10.0, 0.0, 0.1, help=_("0: no clipping."))
        lab.slider("decay", _("Weight decay λ"), 0.0, 0.5, 0.0, 0.01)
        kinds = {"own": _("As in torch"), "l2": "L2", "decoupled": _("decoupled")}
        told = _("As in torch: AdamW shrinks the weights, all others add λw to the gradient (L2).")
        lab.choice("decay_kind", _("Weight decay as"), kinds, help=told)
        ask_schedule(lab)
        lab.seed()


def ask_view(lab: Lab) -> tuple[str, bool]:
    """How the surface is shown, from how many starts; and whether the visitor wants to predict first."""
    with lab.fold(_("View")):
        view = lab.choice("view", _("Surface as"), {"flat": _("Contours"), "relief": _("3-D")})
        lab.toggle("arrows", _("Gradient field"))
        lab.slider("starts", _("Starts"), 1, 16, 1)
        lab.slider("spread", _("Distance of the other starts"), 0.1, 3.0, 0.5, 0.1)
        predict = lab.toggle("predict", _("Predict first"), help=_("Click where they end, and the paths appear."))
    return view, predict


def ask_guess(lab: Lab) -> bool:
    """Predict, then look: whether the visitor still owes his guess."""
    lab.point("guess", _("Your guess"), NO_GUESS, (-100.0, 100.0), (-100.0, 100.0))
    guess = tuple(lab.controls[f"guess_{axis}"].value for axis in "xy")

    def again() -> None:
        for axis, value in zip("xy", NO_GUESS, strict=True):
            st.session_state[lab.controls[f"guess_{axis}"].key] = value

    with lab.words():
        st.button(_("Hide the paths again"), on_click=again, disabled=guess == NO_GUESS,
                  key=f"{lab.address}.again", icon=":material/visibility_off:", width="stretch")  # fmt: skip
    return guess == NO_GUESS


def tell_guess(lab: Lab, rules: Sequence[str], best: Mapping[str, float], predict: bool) -> None:
    """How far the guess was from where each rule ended."""
    if predict:
        now = lab.values
        ends = {r: path.points[-1, 0].tolist() for r, path in walks.walked(rules, now, best).paths.items()}
        guess = (now["guess_x"], now["guess_y"])
        text = _("From your guess: {distances}.")
        with lab.words():
            far = "; ".join(f"{_(RULES[r].title)} {math.dist(end, guess):.2g}" for r, end in ends.items())
            st.caption(text.format(distances=far))


def limit(lab: Lab) -> float:
    """2 / λ_max, the smallest over the known minima: above it plain descent cannot come to rest in the sharpest one."""
    steepest = walks.ground(lab.values).steepest
    if steepest is None or not math.isfinite(steepest):
        return math.inf
    return landscapes.stability_limit(steepest)


def link_to_walk(lab: Lab, rule: str, rate: float, hyper: Mapping[str, float]) -> None:
    """A link to the stage of the concept: this rule from this start, at the stop of its slider nearest to the rate."""
    now, stops = lab.values, log_stops(*walks.RATES)
    lr = min(stops, key=lambda stop: abs(math.log(stop / rate)))
    ground = {"surface", "formula", "size", "steps", *surfaces.PARAMETERS, *formula.PARAMETERS}
    kept = {n: v for n, v in now.items() if n in ground or n.startswith(f"{now['surface']}_start_")}
    text = _("Walk this run beside others: η = {lr:g}").format(lr=lr)
    lab.link("optimizers", text, {**kept, "rules": [rule], "lr": lr, **hyper}, ":material/footprint:")


def formula_of(rule: str) -> None:
    parts = re.split(r",\\(?:[ ;,]|quad)\s*", RULES[rule].formula)  # a line breaks between them
    held = (f"{{{part}}}" if len(part) < 75 else part for part in parts)  # and only in a long one
    st.markdown(", ".join(rf"$\displaystyle {part}$" for part in held))


def took(seconds: float, starts: int, steps: int) -> None:
    """How long a map took: said, because that is what a batch is for."""
    text = _("{starts} starts × {steps} steps in {seconds:.1f} s on the {device}.")
    here = device.current().type.upper()
    st.caption(text.format(starts=f"{starts:,}".replace(",", " "), steps=steps, seconds=seconds, device=here))
