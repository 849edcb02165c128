"""Work that is too long for one run, and too short for a job: done once, with progress among the controls."""

import time
from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.code import Call
from app.i18n import gettext as _
from app.lab import Lab

MOST_KEPT = 8  # results that a session keeps


def each(lab: Lab, calls: Mapping[str, Call]) -> dict[str, Any]:
    """Every call through the one cache, with progress among the controls where it takes a moment."""
    found: dict[str, Any] = {}
    start = time.perf_counter()
    with lab.words():
        bar = st.empty()
    for name, call in calls.items():
        if time.perf_counter() - start > 0.1:
            bar.progress(len(found) / len(calls), _("Training {n} of {all} …").format(n=len(found) + 1, all=len(calls)))
        found[name] = lab.compute(call.function, **call.arguments)
    bar.empty()
    return found


def grown(lab: Lab, call: Call, text: str) -> tuple[Any, float]:
    """The last of the growing results of a call, and the seconds it took. Kept until another one is asked for.

    A control that is moved meanwhile ends it: Streamlit starts the page anew.
    """
    kept = st.session_state.setdefault("_progress.kept", {})
    if call.name not in kept:
        start, last = time.perf_counter(), None
        with lab.words():
            bar = st.progress(0.0, text)
        for last in call():
            bar.progress(min(1.0, last.done), text)
        bar.empty()
        while len(kept) >= MOST_KEPT:
            kept.pop(next(iter(kept)))
        kept[call.name] = last, time.perf_counter() - start
    found: tuple[Any, float] = kept[call.name]
    return found
