"""Share: the link of what one sees, for the hall (a code), an exercise (controls hidden), a slide (one figure alone).

What a link may ask of the frame, beside the controls of its page: `hide=lr,steps` takes controls and parts away,
`only=stage` leaves one figure, `present=on` shows stage and controls in large type.
"""

import os
import re
from base64 import b64encode
from collections.abc import Collection, Mapping
from html import escape, unescape
from io import BytesIO
from textwrap import shorten
from typing import Any
from urllib.parse import urlencode

import segno
import streamlit as st

from app.i18n import gettext as _

PARTS = {"presets": ".st-key-lab-presets", "below": ".st-key-lab-below", "title": ".st-key-frame-title",
         "controls": "[data-testid=stColumn]:has(.st-key-lab-controls)"}  # fmt: skip
# What is beside the picture. The share of the stage is all of the width then.
_FRAME = (
    "[data-testid=stSidebar]",
    "[data-testid=stExpandSidebarButton]",
    "[data-testid=stHeader]",
    ".st-key-frame-exercise",
)
_ALONE = (*_FRAME, ".st-key-frame-head", *PARTS.values())
_BARE = "[data-testid=stMainBlockContainer] { padding: 0.75rem 1.5rem !important; }"
_FILLS = "html { --lab-only: 1; }"  # figure.js: the figure is as tall as its frame
_LARGE = """html { font-size: 20px; --lab-top: 0.5rem; }
.st-key-frame-title { padding-bottom: 0.4rem; }
.st-key-frame-title .stMarkdown { display: none; }"""
LONGEST_CODE = 1200  # characters of a link that a phone still reads from a row further back


def as_link(value: Any) -> Any:
    """How a control's value stands in a URL."""
    if isinstance(value, list | tuple):
        return [as_link(v) for v in value]
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def asked(name: str) -> list[str]:
    """The words of `name=one,two` in the link; what cannot be the name of anything is left out."""
    return re.findall(r"[a-zA-Z0-9_]+", st.query_params.get(name, "")[:300])


def only() -> str:
    """The one figure that the link asks for, or nothing."""
    name = next(iter(asked("only")), "")
    return "" if name == st.session_state.get("_only.astray") else name


def astray(figures: Collection[str]) -> bool:
    """Whether the link asks for a figure that the page has not: then the page is shown as it is, at the next run."""
    if not only() or only() in figures:
        return False
    st.session_state["_only.astray"] = only()
    return True


def presenting() -> bool:
    """Kept from page to page, and in the link."""
    wanted = asked("present")
    if wanted != st.session_state.get("_present.url"):
        st.session_state["present"] = wanted == ["on"]
    on = bool(st.session_state.get("present"))
    if on:
        st.query_params["present"] = "on"
    else:
        st.query_params.pop("present", None)
    st.session_state["_present.url"] = ["on"] if on else []
    return on


def style(address: str) -> str:
    """What the link takes away, as a style sheet: a hidden control still holds its value and its place in the URL."""
    hidden = [PARTS.get(name, f".st-key-{address}-{name}") for name in asked("hide")]
    more = ""
    if only():
        hidden, more = [*hidden, *_ALONE], _BARE + _FILLS
    elif presenting():
        hidden, more = [*hidden, *_FRAME, PARTS["below"]], _BARE + _LARGE
    return f"{', '.join(hidden)} {{ display: none !important; }} {more}" if hidden else more


def link(address: str, parameters: Mapping[str, Any]) -> str:
    """The page at `address` with these parameters, where the visitor reaches this server."""
    here = st.context.url or ""
    root = here if here.endswith("/") else here.rpartition("/")[0] + "/"
    given = urlencode(dict(parameters), doseq=True, safe=",")
    return f"{root}{address}{'?' if given else ''}{given}"


def present_link(address: str, **more: str) -> str:
    """What is on the screen, and nothing that belongs to this visitor alone."""
    kept = {k: st.query_params.get_all(k) for k in st.query_params if k.startswith(f"{address}.") or k == "lang"}
    return link(address, kept | {k: [v] for k, v in more.items() if v})


def popover(address: str, figures: Mapping[str, str], controls: Mapping[str, str], presets: Mapping[str, Any]) -> None:
    """The button and what is behind it: name -> what it shows, id -> label, id -> preset."""
    shown = st.popover(_("Share"), icon=":material/share:", key="share", on_change="rerun", type="tertiary")
    if not shown.open:
        return
    with shown:
        left, right = st.columns([0.42, 0.58])
        hidden = right.multiselect(_("An exercise: hide these controls"), list(controls),
                                   format_func=lambda name: written_out(controls[name]), key=f"share.{address}.hide",
                                   placeholder=_("Choose"), wrap=True, select_all=False)  # fmt: skip
        here = present_link(address, hide=",".join(hidden))
        right.code(here, language=None, wrap_lines=True)
        if len(here) <= LONGEST_CODE:
            alt = escape(_("The link as a code for the camera of a phone"))
            left.html(f'<img class="code" alt="{alt}" src="{_as_address(qr(here))}">')
        else:
            left.caption(_("This link is too long for a code that a phone can read: a drawing is in it."))
        titles = {name: _titled(n, alt) for n, (name, alt) in enumerate(figures.items(), 1)}
        figure = st.selectbox(_("For a slide: one figure alone"), list(figures), key=f"share.{address}.only",
                              format_func=titles.__getitem__)  # fmt: skip
        st.code(frame(present_link(address, only=figure, embed="true")), language=None, wrap_lines=True)
        if not os.environ.get("LIGHTBOARD_EMBED", "").strip():
            st.caption(_("This server lets no other site show it in a frame. Whoever runs it can name those that may: "
                         "`LIGHTBOARD_EMBED`."))  # fmt: skip
        if presets:
            st.download_button(_("All presets as a lecture script"), lecture(address, presets), f"{address}.md",
                               "text/markdown", icon=":material/list_alt:", on_click="ignore")  # fmt: skip


def written_out(label: str) -> str:
    """The label of a control where no formula is typeset: $\\beta_1$ is β₁ there."""

    def letter(found: re.Match[str]) -> str:
        sign = unescape(f"&{found[1]};")
        return sign if len(sign) == 1 else ""

    text = re.sub(r"\\([a-zA-Z]+) ?", letter, label.replace("$", ""))
    return re.sub(r"[_^]([\d+-])", lambda found: found[1].translate(_SIGNS[found[0][0]]), text)


_SIGNS = {
    "_": str.maketrans("0123456789+-", "₀₁₂₃₄₅₆₇₈₉₊₋"),
    "^": str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻"),
}


def _titled(number: int, alt: str) -> str:
    """A figure in the list of them: which one of the page it is, and how its description begins."""
    return f"{number}. {shorten(alt, 60, placeholder=' …')}".rstrip()


def code(text: str) -> segno.QRCode:
    return segno.make_qr(text, error="m")


def qr(text: str) -> str:
    """A code that a phone reads: dark on white in either theme."""
    file = BytesIO()
    code(text).save(file, "svg", scale=6, border=4, light="#ffffff", xmldecl=False, nl=False)
    return file.getvalue().decode()


def _as_address(svg: str) -> str:
    return f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"


def frame(address: str) -> str:
    return (f'<iframe src="{escape(address)}" width="960" height="600" style="border:0" loading="lazy" '
            'title="Lightboard"></iframe>')  # fmt: skip


def lecture(address: str, presets: Mapping[str, Any]) -> str:
    """A line for each preset: its name, and the link that opens it."""
    lines = [
        f"{i}. [{preset.title}]({link(address, {f'{address}.{n}': as_link(v) for n, v in preset.values.items()})})"
        for i, preset in enumerate(presets.values(), 1)
    ]
    return "\n".join(lines) + "\n"
