"""The server of the gallery: figures of every kind, for the browser tests. LIVE=off leaves the live road out."""

import os
from pathlib import Path

import streamlit as st
import torch
from starlette.routing import WebSocketRoute

from app.live.socket import live_routes

torch.set_num_threads(1)
routes = live_routes(st.get_option("server.baseUrlPath"))
if os.environ.get("LIVE") == "off":
    routes = [route for route in routes if not isinstance(route, WebSocketRoute)]
app = st.App(Path(__file__).parent / "gallery_main.py", routes=routes)
