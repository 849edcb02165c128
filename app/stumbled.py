"""What a visitor reads when something of ours fails: one sentence. The traceback goes to the log alone."""

import streamlit as st

from app.i18n import gettext as _


def stumbled(error: Exception) -> bool:
    """True: Streamlit need not show it."""
    st.error(_("This page has stumbled. Reload it, or reset its controls by opening it from the navigation."),
             icon=":material/error:")  # fmt: skip
    return True
