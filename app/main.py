"""The frame around every page: navigation from the catalog, title, language, device, and the one place for errors."""

import logging
from pathlib import Path

import streamlit as st

from app import catalog, i18n, room, sharing
from app.i18n import gettext as _
from app.stumbled import stumbled
from core import device

ROOT = Path(__file__).parent.parent
log = logging.getLogger("lightboard")


def language() -> str:
    """From the URL, else from the browser, else English; chosen at the foot of the navigation."""
    browser = (st.context.locale or "en").split("-")[0]
    default = browser if browser in i18n.LANGUAGES else "en"
    asked = st.query_params.get("lang")
    if asked == "pseudo":  # the tests' language
        return asked
    if asked in i18n.LANGUAGES and asked != st.session_state.get("_lang.url"):
        st.session_state["lang"] = asked
    chosen = st.session_state.setdefault("lang", default)
    st.session_state["_lang.url"] = chosen if chosen != default else None
    if chosen != default:
        st.query_params["lang"] = chosen
    else:
        st.query_params.pop("lang", None)
    return chosen


def navigation(pages: dict[str, st.Page], here: catalog.Page | None) -> None:
    """Home, the concepts, and the pages of the concept one is in."""
    st.page_link(pages[""], label=_("Home"), icon=":material/home:")
    for concept in catalog.CONCEPTS:
        inside = here in concept.all
        first = concept.pages[0]
        st.page_link(pages[first.address], label=f"**{_(concept.title)}**", icon=f":material/{concept.icon}:")
        if inside and len(concept.pages) > 1:
            with st.container(key="nav-pages", gap=None):
                for page in concept.pages:
                    st.page_link(pages[page.address], label=_(page.title), icon=f":material/{page.icon}:")


def foot() -> None:
    with st.container(key="frame-foot"):
        st.session_state.setdefault("lang", "en")
        st.segmented_control(_("Language"), list(i18n.LANGUAGES), format_func=i18n.LANGUAGES.__getitem__, key="lang",
                             required=True, label_visibility="collapsed")  # fmt: skip
        here = device.current()
        st.caption(f":material/memory: {here.type.upper()} · {device.describe(here)}")


def admitted() -> bool:
    """Whoever is in stays in; a newcomer to a full house reads so, and may knock again."""
    if st.session_state.get("_room.place") is None:
        st.session_state["_room.place"] = room.admit()
    if st.session_state["_room.place"] is not None:
        return True
    st.info(_("The board is full: all places are taken at the moment. What you asked for stands in the address; try "
              "again in a minute."), icon=":material/groups:")  # fmt: skip
    st.button(_("Try again"), icon=":material/refresh:")
    return False


def page_tools(here: catalog.Page) -> None:
    """Beside the title: present and share what the page shows now."""

    def turn() -> None:
        st.session_state["present"] = not st.session_state.get("present")

    st.button(_("Present"), icon=":material/co_present:", key="frame-present", type="tertiary", shortcut="P",
              on_click=turn, help=_("Large type, only stage and controls; the same key leads back. "
                                       "Page Up and Page Down turn the presets, K plays."))  # fmt: skip
    known = st.session_state.get("_lab.controls", {}).values()
    controls = {c.key.partition(".")[2]: c.label for c in known if c.label}
    figures = st.session_state.get("_lab.figures", {})
    sharing.popover(here.address, figures, controls, st.session_state.get("_lab.presets", {}))


def main() -> None:
    st.set_page_config("Lightboard", str(ROOT / "assets" / "icon.svg"), layout="wide", initial_sidebar_state=230)
    st.logo(str(ROOT / "assets" / "wordmark.svg"), icon_image=str(ROOT / "assets" / "icon.svg"), size="large")
    st.html(f"<style>{(ROOT / 'app' / 'style.css').read_text()}</style>")
    i18n.set_language(language())
    pages = {"": st.Page(ROOT / "pages" / "home.py", title="Lightboard", default=True)}
    for address, page in catalog.PAGES.items():
        pages[address] = st.Page(ROOT / page.script, title=_(page.title), url_path=address, help=_(page.summary))
    chosen = st.navigation(list(pages.values()), position="hidden")
    here = catalog.PAGES.get(chosen.url_path)
    with st.sidebar:
        navigation(pages, here)
        foot()
    if not admitted():
        return
    st.html(f"<style>{sharing.style(chosen.url_path)}</style>")
    if here is not None:
        with st.container(key="frame-head", horizontal=True, vertical_alignment="center", wrap=False):
            with st.container(key="frame-title", gap="xxsmall"):
                st.title(_(here.title), anchor=False)
                st.markdown(_(here.summary))
            tools = st.container(key="frame-tools", horizontal=True, width="content", gap="xsmall", wrap=False)
    st.session_state["_lab.figures"] = {}
    try:
        chosen.run()
    except Exception as error:
        log.exception("The page %r has failed", chosen.url_path)
        stumbled(error)
    if sharing.astray(st.session_state["_lab.figures"]):
        st.rerun()
    if here is not None:
        with tools:
            page_tools(here)
    concept = catalog.concept_of(here.address) if here else None
    if concept and concept.exercise and here != concept.exercise:
        invitation = _("Test yourself")  # outside of the f-string, where it would not be collected
        label = f"**{invitation}**: {_(concept.exercise.summary)}"
        with st.container(key="frame-exercise"):  # sharing.style takes it away
            st.page_link(pages[concept.exercise.address], label=label, icon=f":material/{concept.exercise.icon}:")


main()
