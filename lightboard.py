"""The server: the Streamlit pages, the live road beside them, and plotly.min.js from the installed wheel."""

import os

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # nothing is asked of the network at run time
# One thread a picture, in every thread of ours: torch.set_num_threads speaks for the thread that calls it alone.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import streamlit as st
import torch
from starlette.middleware import Middleware

from app import room
from app.addresses import KnownAddresses
from app.headers import SecurityHeaders, allowed
from app.limits import Limits
from app.live.socket import PreloadPlotly, live_routes
from app.stumbled import stumbled
from core import device

try:
    device.current(), room.most_visitors(), room.most_memory()
    secured = Middleware(SecurityHeaders, allowed(os.environ.get("LIGHTBOARD_EMBED", "")))
except ValueError as wrong:  # a setting that means nothing: said at the start, in one sentence
    raise SystemExit(str(wrong)) from None
# One thread a picture: many visitors share the cores better than one picture does.
torch.set_num_threads(1)

base = st.get_option("server.baseUrlPath")
app = st.App(
    "app/main.py",
    routes=[*live_routes(base), *room.room_routes(base)],
    middleware=[
        secured,
        Middleware(Limits),
        Middleware(KnownAddresses, base),
        Middleware(PreloadPlotly, base),
    ],
    on_script_error=stumbled,
)

if __name__ == "__main__":
    app.run(config={"server.port": int(os.environ.get("PORT", "8501"))})
