"""Lab: what a page calls. Controls bound to the URL, presets, the one cache, live figures, theory, code, downloads.

    lab = Lab("activations", PRESETS)
    x = lab.slider("x", _("Probe x"), -5.0, 5.0, 1.0, 0.1)
    lab.live(stage)          # stage(x, ...) -> Plot | Picture | Table: its arguments are controls, by name
    lab.theory()
    lab.code(activations.probe, x=x)

The page is laid out here once: presets on a line, controls at the left, the stage beside them, the rest below.
"""

import csv
import inspect
import io
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from app import catalog, plain, sharing
from app.code import Call, exported
from app.controls import Controls
from app.domains import Refused
from app.i18n import LANGUAGES, get_language
from app.i18n import gettext as _
from app.jobs import Job, Trainable
from app.live.component import Handle, Pen, desk, mount
from app.live.desk import Drawing, sentence
from app.sharing import as_link

ROOT = Path(__file__).parent.parent
THEORY = ROOT / "assets" / "theory"
STAGE_HEIGHT = 500


@dataclass(frozen=True)
class Preset:
    """A link with a name that says what it shows; controls that it does not mention go back to their defaults."""

    title: str
    values: Mapping[str, Any]


class Lab(Controls):
    """One page in one run."""

    def __init__(self, address: str, presets: Mapping[str, Preset] | None = None) -> None:
        self.presets = presets or {}
        self._preset_line: Any = st.container(horizontal=True, wrap=False, key="lab-presets", gap="xsmall",
                                              vertical_alignment="center")  # fmt: skip
        left, right = st.columns([0.27, 0.73], gap="medium")
        self.stage = right.container(key="lab-stage")
        self.below = st.container(key="lab-below")
        self._note = left.container()
        self._held: set[str | None] = set()
        super().__init__(address, left.container(key="lab-controls", gap="xsmall"))
        arriving = desk().address != address
        self._asked = {key: st.query_params.get_all(key) for key in st.query_params} if arriving else {}
        desk().turn_to(address)

    # --- figures ---

    def live(self, draw: Callable[..., Drawing], *, height: int = STAGE_HEIGHT, handles: Sequence[Handle] = (),
             place: Any = None, plays: str = "", follows: Collection[str] = (), pen: Pen | None = None,
             **bound: Any) -> None:  # fmt: skip
        """A figure that follows the hand: the first of a page takes the stage, the others stand below.

        The arguments of `draw` are controls of the page, by name, or given here (a picture, a cached result).
        A draw(**rest) takes all of them, or those that `follows` names.
        `plays` names a slider that a playback bar under the figure moves from its low end to its high one.
        `pen` is the part of the figure that a drawing (lab.pen) is made on.
        """
        takes = self._taken(draw, bound) & set(follows or self.controls)
        self._mount(draw, lambda **now: draw(**bound, **now), takes, height, handles, place, plays, pen=pen)

    def watch(self, job: Job, draw: Callable[..., Drawing], *, height: int = STAGE_HEIGHT, place: Any = None,
              handles: Sequence[Handle] = (), pen: Pen | None = None, **bound: Any) -> None:  # fmt: skip
        """A figure that follows a run: draw(watched, …), with controls and what is given here, as for `live`.

        The first one of a page carries the bar: play, step, speed, restart, scrub back, branch.
        """
        takes = self._taken(partial(draw, job.watched()), bound)
        steered = frozenset(n for n in job.settings[0] if n in self.controls)

        def drawn(**now: Any) -> Drawing:
            return draw(job.watched(), **bound, **{n: v for n, v in now.items() if n in takes})

        self._mount(draw, drawn, takes | steered, height, handles, place, "", job, steered, pen)

    def _mount(self, draw: Callable[..., Drawing], drawn: Callable[..., Drawing], takes: Collection[str],
               height: int, handles: Sequence[Handle], place: Any, plays: str, job: Job | None = None,
               steered: frozenset[str] = frozenset(), pen: Pen | None = None) -> None:  # fmt: skip
        name, first = f"{self.address}.{draw.__name__}", self._preset_line is not None
        place = place or (self.stage if first else self.below)
        self._show_presets()
        values = {n: v for n, v in self.values.items() if n in takes}
        self._held |= {n for h in handles for n in (h.x, h.y)}  # all figures follow the handles of the first
        held = self._held
        domains = {n: c.domain for n, c in self.controls.items() if n in takes and (c.slides or n in held)}
        if pen and pen.name not in domains:
            raise TypeError(f"{draw.__name__} has a pen for {pen.name!r}, which it does not draw.")
        shown = st.session_state.setdefault("_lab.figures", {})
        shown[draw.__name__] = ""
        view = desk().put(name, drawn, values, domains, get_language(), job, steered)
        if (asked := sharing.only()) and asked != draw.__name__:
            return
        place = self.stage if asked else place
        with place:
            try:
                drawing = view.answer({})
                shown[draw.__name__] = drawing.alt
            except Exception as error:  # one figure that cannot be drawn leaves the rest of the page alone
                st.warning(sentence(error), icon=":material/info:")
                return
            if plain.WANTED:
                plain.show(drawing, name, height)
            else:
                mount(
                    view,
                    name,
                    drawing,
                    self.controls,
                    tuple(handles),
                    height,
                    self._release,
                    plays,
                    first,
                    pen,
                )

    # --- runs ---

    def job(self, model: Trainable, begun: Call, settings: Collection[str], shared: bool = True, opens: int = 0) -> Job:
        """The run of this page in this session. `begun` returns the states that it starts with, the first at step 0.

        `settings` names the arguments of `begun` that may change on the fly: a run that the visitor has taken on
        goes on with the new ones. Any other change, a preset and Reset start from `begun` again.
        States that are too large for the cache of all visitors are not `shared`. A run that nobody has touched yet
        goes on by itself, before the eyes of the visitor, until step `opens`.
        """
        fixed = {n: v for n, v in begun.arguments.items() if n not in settings}
        start, now = Call(begun.function, fixed).name, {n: begun.arguments[n] for n in settings}
        now = {n: v() if isinstance(v, Call) else v for n, v in now.items()}
        known, fresh = desk().jobs.get(self.address), st.session_state.pop("_lab.fresh", False)
        if known and not fresh and known.start == start and (known.touched or known.key == begun.name):
            if known.key != begun.name:
                known.key = begun.name
                known.steer(now)
            return known
        with self.stage, st.spinner(_("Training …")):
            states = self.compute(begun.function, **begun.arguments) if shared else begun()
        made = desk().jobs[self.address] = Job(model, states, now, begun.name, start)
        made.opens = opens
        return made

    def _taken(self, draw: Callable[..., Drawing], bound: Mapping[str, Any]) -> set[str]:
        """The names of the controls that `draw` asks for: its own arguments, or all of them for **kwargs."""
        arguments = inspect.signature(draw).parameters.values()
        if any(a.kind is a.VAR_KEYWORD for a in arguments):
            return set(self.controls)
        missing = [a.name for a in arguments
                   if a.name not in self.controls and a.name not in bound and a.default is a.empty]  # fmt: skip
        if missing:
            raise TypeError(
                f"{getattr(draw, '__name__', draw)} asks for {missing}, which are neither controls nor given to live()."
            )
        return {a.name for a in arguments} & set(self.controls)

    def _release(self, values: Mapping[str, Any]) -> None:
        """A handle was let go: its parameters, where their controls allow them, on the road of record."""
        known = st.session_state.get("_lab.controls", {})
        for name, value in values.items():
            control = known.get(f"{self.address}.{name}")
            if control is not None:
                with suppress(Refused):
                    st.session_state[control.key] = control.domain.check(value)

    # --- presets ---

    def _show_presets(self) -> None:
        """On the line above, once all controls are known: the preset that they stand at is lit."""
        line, self._preset_line = self._preset_line, None
        if line is None:
            return
        self.closed = True
        st.session_state["_lab.presets"] = self.presets
        st.session_state["_lab.controls"] = {c.key: c for c in self.controls.values()}
        self._forget_gone()
        asked = [(c, self._asked[c.key]) for c in self.controls.values() if c.key in self._asked]
        wrong = {c.key.partition(".")[2]: ", ".join(texts)[:40] for c, texts in asked
                 if c.value == c.default and not _spells(texts, c.default)}  # fmt: skip
        if wrong:
            said = "; ".join(f"{name} = {texts}" for name, texts in wrong.items())[:200]
            self._note.info(_("The link asks for what is not possible here: {said}.").format(said=said))
        if not self.presets:
            return
        base = {n: c.default for n, c in self.controls.items()}
        standing = next((i for i, p in self.presets.items() if {**base, **_listed(p.values)} == self.values), None)
        n = self._marked(standing)
        with line:
            if sharing.presenting():
                self._turn(standing)
            st.pills(_("Presets"), list(self.presets), format_func=lambda i: self.presets[i].title, key=self._mark(n),
                     on_change=self._apply_chosen, args=(n,), label_visibility="collapsed", wrap=False)  # fmt: skip
            st.button(_("Reset"), icon=":material/restart_alt:", key=f"{self.address}.reset", type="tertiary",
                      on_click=self._apply, args=({},), help=_("All controls back to their defaults"))  # fmt: skip

    def _mark(self, n: int) -> str:
        return f"{self.address}.preset.{n}"

    def _marks(self) -> list[str | None]:
        """Where the marks of this page stood, one after the other; the last is the one on the screen."""
        return st.session_state.setdefault("_lab.marks", {}).setdefault(self.address, [None])

    def _marked(self, standing: str | None) -> int:
        """The number of the mark on the presets, which stand at this one.

        Where the page moves the mark, it is a new widget: quick keys on a slider still come with the old mark from the
        browser, and Streamlit would take that for a choice.
        """
        marks = self._marks()
        if st.session_state.get(self._mark(len(marks) - 1)) == standing:
            marks[-1] = standing
        else:
            marks.append(standing)
            st.session_state[self._mark(len(marks) - 1)] = standing
        return len(marks) - 1

    def _turn(self, standing: str | None) -> None:
        """To the preset before and after, by the keys that a presenter's remote control sends."""
        ids = list(self.presets)
        at = ids.index(standing) if standing in ids else -1
        back = (_("Previous preset"), "arrow_back", "PageUp", max(at - 1, 0))
        on = (_("Next preset"), "arrow_forward", "PageDown", min(at + 1, len(ids) - 1))
        for label, icon, key, to in (back, on):
            st.button(label, icon=f":material/{icon}:", key=f"{self.address}.{key}", type="tertiary", shortcut=key,
                      on_click=self._apply, args=(self.presets[ids[to]].values,))  # fmt: skip

    def _forget_gone(self) -> None:
        """Choices that the page no longer shows leave the URL; Streamlit does that for the controls that it binds."""
        urls = st.session_state.get("_lab.urls", {})
        known = {c.key for c in self.controls.values()}
        for key in [key for key in urls if key.startswith(f"{self.address}.") and key not in known]:
            urls.pop(key)
            st.query_params.pop(key, None)

    def _apply_chosen(self, n: int) -> None:
        """A mark was moved; one that comes as it stood is an old one, whose end the browser has not heard of yet."""
        chosen = str(st.session_state.get(self._mark(n)))
        if chosen in self.presets and chosen != self._marks()[n]:
            self._apply(self.presets[chosen].values)

    def _apply(self, values: Mapping[str, Any]) -> None:
        st.session_state["_lab.fresh"] = True  # a run starts anew
        known = {c.key: c.default for c in st.session_state.get("_lab.controls", {}).values()}
        wanted = {f"{self.address}.{name}": value for name, value in _listed(values).items()}
        for key, value in {**known, **wanted}.items():
            st.session_state[key] = value
            # A control that is yet to come: Streamlit writes only those into the URL that it had.
            if key not in known:
                st.query_params[key] = as_link(value)

    # --- numbers ---

    def compute(self, function: Callable[..., Any], **arguments: Any) -> Any:
        """function(**arguments) through the one cache; for work that is too long to be done again at each run."""
        call = Call(function, arguments)
        return _cached(call.name, _newest_core(), _call=call)

    def csv(self, columns: Callable[[], Mapping[str, Iterable[Any]]]) -> None:
        """A button that downloads the numbers behind the picture; they are computed when it is pressed."""

        def content() -> str:
            numbers, file = columns(), io.StringIO()
            writer = csv.writer(file)
            writer.writerow(numbers)
            writer.writerows(zip(*(map(float, column) for column in numbers.values()), strict=True))
            return file.getvalue()

        self.download(_("Numbers as CSV"), content, "csv", "text/csv", ":material/table:")

    def download(self, label: str, content: Callable[[], str | bytes], suffix: str, mime: str, icon: str) -> None:
        """A button below the stage for a file that is made when it is pressed."""
        self.below.download_button(label, content, f"{self.address}.{suffix}", mime, key=f"{self.address}.{suffix}",
                                   icon=icon, type="tertiary", on_click="ignore")  # fmt: skip

    def link(self, address: str, label: str, values: Mapping[str, Any], icon: str) -> None:
        """A link below the stage to another page, whose controls it sets."""
        page = st.Page(ROOT / catalog.PAGES[address].script, url_path=address)
        asked = {f"{address}.{name}": as_link(value) for name, value in values.items()}
        self.below.page_link(page, label=label, icon=icon, query_params=asked)

    # --- words ---

    def look(self, text: str) -> None:
        """What to look for: two or three sentences."""
        with self.below:
            title = _("What to look for.")
            st.markdown(f"**{title}** {text}")

    def say(self, text: str) -> None:
        """One sentence where the visitor looks: what is missing, what is not allowed."""
        self._show_presets()
        self.stage.info(text, icon=":material/touch_app:")

    def theory(self) -> None:
        language = get_language() if get_language() in LANGUAGES else "en"
        with self._unfolded("theory", _("Theory"), "menu_book") as open:
            if open:
                st.markdown((THEORY / language / f"{self.address}.md").read_text(encoding="utf-8"))

    def code(self, function: Callable[..., Any], *also: Call, **arguments: Any) -> None:
        """The source of the core modules and the calls with the present values: runs alone, prints the numbers.

        Where settings may be refused, a function of the page gives (function, further calls, arguments) instead.
        """
        with self._unfolded("code", _("Show the code"), "code") as open:
            if open:
                if not also and not arguments:
                    try:
                        function, also, arguments = function()
                    except (Refused, ValueError) as error:
                        st.info(sentence(error), icon=":material/info:")
                        return
                text = exported(function, arguments, also)
                needs = ("\nimport torch\n" in text, "\nimport albumentations" in text)
                st.caption(
                    _("Runs alone, with PyTorch and albumentations, and prints the numbers of this page.")
                    if all(needs)
                    else _("Runs alone, with albumentations only, and prints the numbers of this page.")
                    if needs[1]
                    else _("Runs alone, with PyTorch only, and prints the numbers of this page.")
                )
                st.download_button(_("Download"), text, f"{self.address}.py", "text/x-python", on_click="ignore",
                                   icon=":material/download:", key=f"{self.address}.script")  # fmt: skip
                with st.container(height=420, border=False):  # it scrolls by keys, which a code of that height does not
                    st.code(text, wrap_lines=True)

    @contextmanager
    def _unfolded(self, name: str, label: str, icon: str) -> Iterator[bool | None]:
        """A fold whose content is only made when it is open: formulas and code are dear to render."""
        fold = self.below.expander(label, icon=f":material/{icon}:", key=f"{self.address}.{name}", bind="query-params")
        with fold:
            yield fold.open


def _listed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Copies of the presets' lists: they are the visitor's to change."""
    return {n: list(v) if isinstance(v, list) else v for n, v in values.items()}


def _spells(texts: Sequence[str], value: Any) -> bool:
    """Whether a link's texts mean this value."""
    values = list(value) if isinstance(value, list | tuple) else [value]
    return [t.lower() for t in texts] == [str(v).lower() for v in values] or [f"{t}.0" for t in texts] == [
        str(v) for v in values
    ]


def _newest_core() -> float:
    """When core/ was last edited: an edit makes the cache forget."""
    return max(file.stat().st_mtime for file in (ROOT / "core").glob("*.py"))


@st.cache_data(max_entries=128, show_spinner=False)
def _cached(name: str, newest: float, _call: Callable[[], Any]) -> Any:
    return _call()
