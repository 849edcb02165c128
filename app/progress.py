"""Work that is too long for one run, and too short for a job: done once, with progress among the controls."""

import time
from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.code import Call
from app.i18n import gettext as _
from app.lab import Lab


def each(lab: Lab, calls: Mapping[str, Call]) -> dict[str, Any]:
    """Every call through the one cache, with progress among the controls where it takes a moment."""
    found: dict[str, Any] = {}
    start = time.perf_counter()
    with lab.words():
        bar = st.empty()
    for name, call in calls.items():
        if time.perf_counter() - start > 0.1:
            bar.progress(
                len(found) / len(calls), _("Training {n} of {all} …").format(n=len(found) + 1, all=len(calls))
            )
        found[name] = lab.compute(call.function, **call.arguments)
    bar.empty()
    return found
