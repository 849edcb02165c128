"""A transform to choose and to tune: controls made from its arguments, and the arguments read back from controls."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import streamlit as st

from app.augment.catalogue import FIXED, GROUPS, transforms
from app.augment.knobs import Argument, Knob
from app.domains import Refused
from app.i18n import gettext as _
from app.i18n import name as quoted
from app.lab import Lab

IN_VIEW = 4  # arguments; the others stand under a fold
DETAILS = ("interpolation", "border_mode", "fill", "rotate_method", "area_for_downscale", "pad_if_needed",
           "pad_position", "position", "drop_color", "src_color", "color", "keep_size", "approximate")  # fmt: skip


def choose(lab: Lab, default: str, name: str = "transform", label: str = "") -> str:
    """Which transform: the list is searched by typing, the name of the group counts."""
    titles = {n: f"{quoted(n)} · {_(GROUPS[t.group])}" for n, t in transforms().items()}
    return lab.choice(name, label or _("Transform"), titles, default,
                      help=_("Type a part of its name, or of its group, to find it."))  # fmt: skip


def tune(lab: Lab, transform: str, prefix: str = "", without: str = "", in_view: int = IN_VIEW) -> None:
    """The controls of its arguments: the first few in view, the others under a fold."""
    known = [a for a in transforms()[transform].arguments if a.name != without]
    plain = [a for a in known if not _is_detail(a)]
    for argument in plain[:in_view]:
        _control(lab, f"{prefix}{transform}_", argument)
    rest = plain[in_view:] + [a for a in known if _is_detail(a)]
    if rest:
        with lab.fold(_("More of {name}").format(name=quoted(transform)) if prefix else _("More")):
            for argument in rest:
                _control(lab, f"{prefix}{transform}_", argument)


def tune_flat(lab: Lab, transform: str) -> None:
    """All controls of its arguments, where they stand under a fold of their own."""
    for argument in transforms()[transform].arguments:
        _control(lab, f"{transform}_", argument)


def move_up(lab: Lab, name: str, chosen: list[str], i: int) -> None:
    """A button that puts the i-th of the chosen ones before the one above it."""
    key = f"{lab.address}.{name}"

    def moved() -> None:
        order = list(chosen)
        order[i - 1], order[i] = order[i], order[i - 1]
        st.session_state[key] = order

    if i:
        with lab.words():
            st.button(_("One place up"), icon=":material/arrow_upward:", key=f"{lab.address}-up-{chosen[i]}",
                      on_click=moved, type="tertiary")  # fmt: skip


def given(transform: str, now: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """The arguments as the controls have them."""
    found: dict[str, Any] = {}
    for argument in transforms()[transform].arguments:
        start = f"{prefix}{transform}_{argument.name}"
        if argument.optional and not now.get(f"{start}_on", argument.given):
            found[argument.name] = None
            continue
        word = now.get(f"{start}_is", "number")
        parts = [_value(knob, now.get(key, knob.default)) for key, knob in _named(start, argument)]
        found[argument.name] = word if word != "number" else parts[0] if len(parts) == 1 else tuple(parts)
    return found | FIXED.get(transform, {})


def made(transform: str, arguments: Mapping[str, Any], p: float = 1.0) -> Any:
    """The transform itself, or Refused where its arguments do not go together."""
    try:
        return transforms()[transform].cls(**arguments, p=p)
    except ValueError as why:
        raise Refused(_refusal(why)) from None


@contextmanager
def spoken() -> Iterator[None]:
    """What goes wrong inside is Refused with a sentence."""
    try:
        yield
    except Refused:
        raise
    except Exception as why:  # OpenCV and the library raise whatever they stumble over
        raise Refused(_refusal(why)) from None


def _refusal(why: Exception) -> str:
    """What the library says, shortly."""
    lines = [line.strip() for line in str(why).splitlines()]
    said = next((line for line in lines if "error" in line and "validation" not in line), lines[0] if lines else "")
    said = said.partition("[type=")[0].replace("Value error, ", "").strip()[:160]
    return _("This does not go together. The library says: {why}").format(why=said or type(why).__name__)


def sweepable(transform: str, now: Mapping[str, Any], prefix: str = "") -> dict[str, tuple[Argument, int]]:
    """The controls with a number or a range that are in use: name of the argument -> it, and which of its parts."""
    found = {}
    for argument in transforms()[transform].arguments:
        start = f"{prefix}{transform}_{argument.name}"
        off = argument.optional and not now.get(f"{start}_on", argument.given)
        if off or now.get(f"{start}_is", "number") != "number" or argument.name == "fill":
            continue
        for i, knob in enumerate(argument.knobs):
            if knob.kind in ("number", "range"):
                found[_label(argument, i)] = (argument, i)
    return dict(sorted(found.items(), key=lambda item: len(item[1][0].knobs) > 1))  # parts of a region last


def swept(arguments: Mapping[str, Any], argument: Argument, part: int, share: float) -> tuple[dict[str, Any], str]:
    """The arguments with one of them at a share of the way from its low end to its high one, and that value."""
    knob, now = argument.knobs[part], arguments[argument.name]
    value = knob.low + round(share * (knob.high - knob.low) / knob.step) * knob.step
    value = int(value) if knob.whole else float(f"{min(value, knob.high):.6g}")
    new: Any = (value, value) if knob.kind == "range" else value
    if len(argument.knobs) > 1:
        new = (*now[:part], new, *now[part + 1 :])
    return {**arguments, argument.name: new}, f"{value:g}".replace("-", "−")


def _is_detail(argument: Argument) -> bool:
    return argument.name in DETAILS or (argument.optional and not argument.given)


def _label(argument: Argument, part: int) -> str:
    return f"{argument.name}[{part}]" if len(argument.knobs) > 1 else argument.name


def _named(start: str, argument: Argument) -> Iterator[tuple[str, Knob]]:
    for i, knob in enumerate(argument.knobs):
        yield (f"{start}_{i}" if len(argument.knobs) > 1 else start), knob


def _value(knob: Knob, value: Any) -> Any:
    """A control's value as the library wants it: whole numbers whole, ids of choices what they stand for."""
    if knob.kind == "choice":
        return next((choice for choice in knob.choices if str(choice) == str(value)), knob.default)
    if knob.kind == "range":
        return tuple(int(v) if knob.whole else float(v) for v in value)
    return value


def _control(lab: Lab, prefix: str, argument: Argument) -> None:
    start = f"{prefix}{argument.name}"
    if argument.optional and not lab.toggle(f"{start}_on", _code(argument.name), argument.given,
                                            help=_("Off: the library's own choice (None)")):  # fmt: skip
        return
    if argument.words:
        words = {"number": _("a number")} | {word: quoted(word) for word in argument.words}
        if lab.choice(f"{start}_is", _code(argument.name), words, "number") != "number":
            return
    for i, (name, knob) in enumerate(_named(start, argument)):
        _widget(lab, name, _code(_label(argument, i)), argument.name, knob)


def _widget(lab: Lab, name: str, label: str, argument: str, knob: Knob) -> None:
    if knob.kind == "switch":
        lab.toggle(name, label, knob.default)
    elif knob.kind == "choice":
        lab.choice(name, label, {str(c): _title(argument, c) for c in knob.choices}, str(knob.default))
    else:
        lab.slider(name, label, knob.low, knob.high, knob.default, knob.step)


def _title(argument: str, choice: Any) -> str:
    """OpenCV's numbers have names."""
    ways = [
        _("nearest"),
        _("linear"),
        _("cubic"),
        _("area"),
        _("Lanczos"),
        _("linear, exact"),
        _("nearest, exact"),
    ]
    borders = [
        _("one colour"),
        _("edge repeated"),
        _("mirror"),
        _("wrapped round"),
        _("mirror without the edge"),
    ]
    if isinstance(choice, int):
        return (borders if argument == "border_mode" else ways)[choice]
    return _("none") if choice is None else quoted(str(choice))


def _code(text: str) -> str:
    return f"`{quoted(text)}`"


def takes_two(transform: str) -> bool:
    """Whether it mixes in a second picture."""
    return transforms()[transform].group == "mixing"


def second(lab: Lab, transform: str) -> str:
    """The shipped photograph that a transform of two pictures takes; asked for where there is such a transform."""
    titles = {
        "coffee": _("Coffee"),
        "astronaut": _("Astronaut"),
        "rocket": _("Rocket"),
        "galaxies": _("Galaxies"),
    }
    return lab.choice("second", _("Second picture"), titles) if takes_two(transform) else "coffee"


def described(lab: Lab, transform: str) -> None:
    """The first paragraph of the library's own text, and what follows the transform beside the picture."""
    found = transforms()[transform]
    with lab.words():
        st.caption(quoted(found.text()))
        follow = [t for t in found.targets if t != "image"]
        known = {"mask": _("masks"), "bboxes": _("boxes"), "keypoints": _("keypoints")}
        said = ", ".join(known[t] for t in follow if t in known)
        st.caption(_("Moves along: {targets}.").format(targets=said) if said
                   else _("Changes the picture only: boxes and masks stay."))  # fmt: skip
