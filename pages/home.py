"""Home: what Lightboard is, one thing to drag at once, and a card for each concept."""

import streamlit as st

from app import catalog
from app.figures import palette
from app.figures.plot import Plot, axis, dots, layout, line
from app.i18n import gettext as _
from app.lab import Lab
from app.live.component import Handle
from core import activations

import torch

st.write("home")
