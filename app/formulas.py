"""A formula as a control: the text, what is wrong with it in a sentence beside it, and a slider for each parameter."""

import re
from collections.abc import Callable
from typing import Any

import streamlit as st
from torch import Tensor

from app.code import Call
from app.i18n import gettext as _
from app.lab import Lab
from core import activations, formula
from core.activations import ACTIVATIONS

OWN = "own"  # the id of the visitor's function among the family's


def choose(lab: Lab, default: str) -> tuple[str, bool]:
    """A function of the family or the visitor's own, with its controls: its id, and whether it can be read."""
    id = lab.choice("activation", _("Activation"), {id: title(id) for id in (*ACTIVATIONS, OWN)}, default)
    return id, ask(lab, id)


def title(id: str) -> str:
    return _("Your own formula") if id == OWN else _(ACTIVATIONS[id].title)


def ask(lab: Lab, id: str = OWN, default: str = "x * sigmoid(a * x)") -> bool:
    """The controls of the function `id`. False, and a sentence beside it, where the visitor's cannot be read."""
    if id != OWN:
        for p in ACTIVATIONS[id].parameters:
            lab.slider(p.name, f"${p.symbol}$", p.low, p.high, p.default, p.step)
        return True
    return typed(lab, _("f(x) ="), default)


def typed(lab: Lab, label: str, default: str, variables: tuple[str, ...] = ("x",)) -> bool:
    """A formula and a slider for each of its parameters. False, and a sentence beside it, where it cannot be read."""
    text = lab.text("formula", label, default, longest=formula.MAX_LENGTH,
                    help=_("Numbers, x, parameters a b c d, + - * / ** ( ), comparisons, and functions such as "
                           "exp, tanh, sigmoid, erf, max, min, where."))  # fmt: skip
    try:
        parameters = formula.parse(text, variables).parameters
    except formula.FormulaError as error:
        with lab.words():
            st.error(re.sub(r"([^\w\s])", r"\\\1", sentence(error)).replace("_", r"\_"), icon=":material/edit:")
        return False
    for name in parameters:
        lab.slider(name, f"${name}$", -3.0, 3.0, 1.0, 0.05)
    return True


def sentence(error: formula.FormulaError) -> str:
    """What is wrong, in the language of the page."""
    return _(formula.FAULTS[error.fault].note).format(**error.gaps)


def source(activation: str, **now: Any) -> Call:
    """The function at the present values of the controls, as a call that the exported code can show."""
    if activation != OWN:
        names = [p.name for p in ACTIVATIONS[activation].parameters]
        return Call(activations.bind, {"name": activation, **{n: now[n] for n in names if n in now}})
    text = now["formula"]
    return Call(formula.function, {"text": text, **{n: now[n] for n in formula.parse(text).parameters}})


def function(activation: str, **now: Any) -> Callable[[Tensor], Tensor]:
    """The function itself."""
    return source(activation, **now)()
