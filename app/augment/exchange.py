"""Pipelines out of the page and into it: buttons that save JSON and YAML, a place where such a text is read."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from app.augment.pipeline import MOST_BYTES, Stage, read, written
from app.domains import Refused
from app.i18n import gettext as _
from app.lab import Lab


def imported(lab: Lab) -> Stage | None:
    """The pipeline that was pasted here; it stays in this session and is not part of a link."""
    kept = st.session_state.setdefault("_augment.own", {})
    with lab.words():
        text = st.text_area(_("JSON or YAML of albumentations"), key=f"{lab.address}-own", max_chars=MOST_BYTES,
                            height=160, help=_("What A.to_dict gives; only transforms that stand here."))  # fmt: skip
        if text.strip():
            try:
                kept["stage"] = read(text)
            except Refused as why:
                st.warning(str(why), icon=":material/rule:")
        if "stage" not in kept:
            st.caption(_("Paste a pipeline that was saved here or by A.to_dict. Until then one operation is drawn."))
    found: Stage | None = kept.get("stage")
    return found


def export(lab: Lab, built: Callable[[], Stage]) -> None:
    """Two buttons: the pipeline as JSON and as YAML, made when they are pressed."""
    with lab.below, st.container(horizontal=True):
        for form in ("json", "yaml"):
            st.download_button(_("Pipeline as {form}").format(form=form.upper()), partial(_text, built, form),
                               f"pipeline.{form}", "text/plain", key=f"{lab.address}.{form}", type="tertiary",
                               icon=":material/download:", on_click="ignore")  # fmt: skip


def _text(built: Callable[[], Stage], form: str) -> str:
    try:
        return written(built().made(), form)
    except Refused as why:
        return f"# {why}"
