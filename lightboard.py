"""The server: the Streamlit pages, the live road beside them, and plotly.min.js from the installed wheel."""

import os

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # nothing is asked of the network at run time
# One thread a picture, in every thread of ours: torch.set_num_threads speaks for the thread that calls it alone.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import streamlit as st
import torch
from starlette.middleware import Middleware

from app.addresses import KnownAddresses
from app.live.socket import PreloadPlotly, live_routes
from core import device

try:
    device.current()
except ValueError as wrong:  # LIGHTBOARD_DEVICE: said at the start, in one sentence
    raise SystemExit(str(wrong)) from None
# One thread a picture: many visitors share the cores better than one picture does.
torch.set_num_threads(1)

base = st.get_option("server.baseUrlPath")
app = st.App(
    "app/main.py",
    routes=live_routes(base),
    middleware=[Middleware(KnownAddresses, base), Middleware(PreloadPlotly, base)],
)

if __name__ == "__main__":
    app.run(config={"server.port": int(os.environ.get("PORT", "8501"))})
