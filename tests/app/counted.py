"""The app with one more route, /alive: what the process holds."""

import gc
from pathlib import Path

import streamlit as st
import torch
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from streamlit.runtime import get_instance

from app.live import desk
from app.live.socket import live_routes

torch.set_num_threads(1)


async def alive(request: Request) -> JSONResponse:
    gc.collect()
    status = Path("/proc/self/status").read_text()
    resident = next(int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmRSS"))
    connected = get_instance()._session_mgr.num_active_sessions()  # type: ignore[union-attr]
    return JSONResponse({"views": desk.count(), "connected": connected, "resident": resident})


MAIN = Path(__file__).parents[2] / "app" / "main.py"
app = st.App(MAIN, routes=[*live_routes(), Route("/alive", alive)])
