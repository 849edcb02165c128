"""Native Streamlit controls, bound to the URL, remembered by name.

Key and URL parameter of a control are "<address>.<name>". Streamlit binds sliders, numbers, texts and toggles to
the URL itself. For choices it would write the translated label into the link, so those are bound here, by id.
"""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import streamlit as st

from app.domains import EMPTY, SWITCH, Domain, Options, Pair, Refused, Span, Strokes, Subset, Text, log_stops
from app.i18n import gettext as _


@dataclass(frozen=True)
class Control:
    """One control as it stands in this run; `slides` says that live figures follow it."""

    key: str
    value: Any
    default: Any
    domain: Domain
    slides: bool = False
    label: str = ""


class Controls:
    """The controls of one page, in the order in which the page asks for them."""

    def __init__(self, address: str, place: Any) -> None:
        self.address = address
        self.controls: dict[str, Control] = {}
        self.closed = False  # once presets and figures know the controls, no more may come
        self._place = place

    @property
    def values(self) -> dict[str, Any]:
        """Where all of them stand, by name."""
        return {name: control.value for name, control in self.controls.items()}

    # --- in the words of Streamlit ---

    def slider(self, name: str, label: str, low: Any, high: Any, default: Any, step: Any = None, *,
               log: bool = False, base: int = 10, stops: Sequence[Any] = (), help: str | None = None,
               format: str | None = None) -> Any:  # fmt: skip
        """A number; with log=True its stops lie evenly on a log scale; a pair as default gives two thumbs.

        `stops` names those that make sense now, and may change with other controls; what is asked for stays one.
        """
        if log or stops:
            ends = {low, high} if log else self._asked_for(name, low, high)
            stops = tuple(sorted({*(stops or log_stops(low, high, base)), *ends, default}))
            return self._bound(name, default, Options(stops), st.delta_generator.DeltaGenerator.select_slider,
                               label, options=stops, help=help, format_func="{:g}".format, slides=True)  # fmt: skip
        whole = isinstance(default, int)
        if step is None:
            step = 1 if whole else (high - low) / 100
        span = Span(low, high, step, whole)
        domain: Domain = Pair(span) if isinstance(default, tuple) else span
        return self._bound(name, default, domain, st.delta_generator.DeltaGenerator.slider, label,
                           min_value=low, max_value=high, step=step, help=help, format=format, slides=True)  # fmt: skip

    def _asked_for(self, name: str, low: float, high: float) -> set[int]:
        """The whole number that the visitor or the link asks for, where it lies in the range."""
        key = f"{self.address}.{name}"
        try:
            asked = int(st.session_state.get(key, st.query_params.get(key)))
        except (TypeError, ValueError, OverflowError):
            return set()
        return {asked} if low <= asked <= high else set()

    def number(self, name: str, label: str, low: Any, high: Any, default: Any, step: Any = 1, *,
               help: str | None = None) -> Any:  # fmt: skip
        """A number typed in."""
        whole = isinstance(default, int)
        span = Span(low, high, 1 if whole else 0, whole)  # a typed number need not lie on the arrows' steps
        # Whole numbers go through Streamlit as floats, too: it stumbles over int(inf) where a link says inf.
        low, high, default, step = map(float, (low, high, default, step))
        return self._bound(name, default, span, st.delta_generator.DeltaGenerator.number_input, label, help=help,
                           min_value=low, max_value=high, step=step, format="%.0f" if whole else None)  # fmt: skip

    def seed(self, name: str = "seed") -> int:
        """The seed of the page's random numbers: the same link gives the same pictures."""
        return self.number(name, _("Seed"), 0, 9999, 0, help=_("The same seed gives the same random numbers."))

    def toggle(self, name: str, label: str, default: bool = False, *, help: str | None = None) -> bool:
        return self._bound(name, default, SWITCH, st.delta_generator.DeltaGenerator.toggle, label, help=help)

    def text(
        self, name: str, label: str, default: str = "", *, longest: int = 200, help: str | None = None,
        painted: bool = False,
    ) -> str:  # fmt: skip
        """A line of text; `painted` says that a figure writes it under the hand (Grids.paints), and all follow."""
        return self._bound(name, default, Text(longest), st.delta_generator.DeltaGenerator.text_input, label,
                           max_chars=longest, help=help, slides=painted)  # fmt: skip

    def choice(self, name: str, label: str, options: Mapping[str, str], default: str | None = None, *,
               help: str | None = None) -> str:  # fmt: skip
        """One of `options` (id -> label): buttons where there are few short ones, else a list."""
        default = next(iter(options)) if default is None else default
        key = self._follow_url(name, default, Options(tuple(options)))
        short = len(options) <= 4 and sum(len(v) for v in options.values()) <= 32
        common: dict[str, Any] = {"format_func": options.__getitem__, "key": key, "help": help}
        if short:
            value = self._place.segmented_control(label, list(options), required=True, width="stretch", **common)
        else:
            value = self._place.selectbox(label, list(options), **common)
        return self._write_url(name, value, default, Options(tuple(options)), label)

    def choices(self, name: str, label: str, options: Mapping[str, str], default: Sequence[str], *,
                help: str | None = None) -> list[str]:  # fmt: skip
        """Any number of `options` (id -> label)."""
        domain = Subset(tuple(options))
        key = self._follow_url(name, list(default), domain)
        value = self._place.multiselect(
            label, list(options), format_func=options.__getitem__, key=key, help=help,
            placeholder=_("Choose"), wrap=True, select_all=False)  # fmt: skip  # "Select all" knows no Russian
        return self._write_url(name, value, list(default), domain, label)

    def point(self, name: str, label: str, default: tuple[float, float], x: tuple[float, float],
              y: tuple[float, float], step: float = 0.01) -> tuple[float, float]:  # fmt: skip
        """A point to drag in a figure (see Handle): the parameters <name>_x and <name>_y, typed in here."""
        with self.row(name):
            px = self.number(f"{name}_x", f"{label}, x", x[0], x[1], default[0], step)
            py = self.number(f"{name}_y", f"{label}, y", y[0], y[1], default[1], step)
        return px, py

    def pen(self, name: str, default: str = "") -> str:
        """A drawing by hand, made in a figure that is given a Pen(name); the text of core/strokes.py stands in the URL.

        It has no widget: the figure carries undo and clear. Every figure whose `draw` takes `name` follows the pen.
        """
        self._follow_url(name, default, Strokes())
        value = st.session_state[f"{self.address}.{name}"]
        return self._write_url(name, value, default, Strokes(), "", slides=True)

    # --- where they stand ---

    @contextmanager
    def fold(self, label: str) -> Iterator[None]:
        """Controls that few visitors need, under a fold."""
        yield from self._inside(self._place.expander(label))

    @contextmanager
    def row(self, name: str) -> Iterator[None]:
        yield from self._inside(self._place.container(horizontal=True, key=f"{self.address}-row-{name}"))

    @contextmanager
    def words(self) -> Iterator[None]:
        """Texts among the controls."""
        with self._place:
            yield

    def _inside(self, place: Any) -> Iterator[None]:
        outer, self._place = self._place, place
        try:
            yield
        finally:
            self._place = outer

    # --- binding ---

    def _bound(self, name: str, default: Any, domain: Domain, widget: Callable[..., Any], label: str, *,
               slides: bool = False, **arguments: Any) -> Any:  # fmt: skip
        key = f"{self.address}.{name}"
        value = widget(self._place, label, value=default, key=key, bind="query-params", **arguments)
        return self._remember(name, value, default, domain, label, slides)

    def _remember(self, name: str, value: Any, default: Any, domain: Domain, label: str, slides: bool = False) -> Any:
        if self.closed:
            raise TypeError(f"The control {name!r} comes after the first figure: presets would not know it.")
        try:
            value = domain.check(value)
        except Refused:  # a browser may send anything; Streamlit leaves the check to us
            value = default
        self.controls[name] = Control(f"{self.address}.{name}", value, default, domain, slides, label)
        return value

    def _follow_url(self, name: str, default: Any, domain: Options | Subset | Strokes) -> str:
        """Before the widget: where the URL has changed under us (a link, the back button), it wins."""
        key = f"{self.address}.{name}"
        url = st.query_params.get_all(key)
        if url != st.session_state.setdefault("_lab.urls", {}).get(key, []):
            st.session_state[key] = _read(url, domain, default)
        elif key not in st.session_state:
            st.session_state[key] = default
        return key

    def _write_url(self, name: str, value: Any, default: Any, domain: Options | Subset | Strokes, label: str, *,
                   slides: bool = False) -> Any:  # fmt: skip
        """After the widget: its value into the URL, the default kept out of it."""
        key = f"{self.address}.{name}"
        value = self._remember(name, value, default, domain, label, slides)
        ids = [str(v) for v in value] if isinstance(value, list) else [str(value) or EMPTY]
        wanted = [] if value == default else ids or [""]  # nothing chosen is a choice of its own
        if wanted != st.query_params.get_all(key):
            if wanted:
                st.query_params[key] = wanted
            else:
                st.query_params.pop(key, None)
        st.session_state["_lab.urls"][key] = wanted
        return value


def _read(url: list[str], domain: Options | Subset | Strokes, default: Any) -> Any:
    """The choice that stands in the URL; the default where there is none, or one that there is not."""
    if isinstance(domain, Subset):
        known = [v for v in url if v in domain.values]
        return domain.check(known) if known or url == [""] else default
    try:
        return domain.check(url[0]) if url else default
    except Refused:
        return default


def frozen(
    values: Mapping[str, Any], names: Container[str] | None = None, without: Container[str] = ()
) -> tuple[tuple[str, Any], ...]:
    """Those of the values that count, as a key of a cache; dict(key) gives them back."""
    kept = ((n, v) for n, v in sorted(values.items()) if (names is None or n in names) and n not in without)
    return tuple((n, tuple(v) if isinstance(v, list) else v) for n, v in kept)
