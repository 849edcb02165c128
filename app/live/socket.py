"""The live road: one WebSocket a page. A message names a view and what to change; the answer is the picture.

Up:    {"view": token, "id": 7, "set": {"lr": 0.031}}
Down:  a frame (see desk.pack) with {"view", "id", "kind": "plot" | "picture" | "table" | "error", …}

Drawing happens in a pool of threads, one picture at a time for each visitor, so that a fast hand cannot starve the
others. Of the messages that wait, only the newest of each view is kept: however fast they come, the queue is as
short as the number of figures.
"""

import asyncio
import contextlib
import gzip
import json
import logging
import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlparse
from weakref import WeakValueDictionary

import plotly
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect
from streamlit import get_option

from app.figures.picture import Picture
from app.figures.plot import Plot
from app.live.desk import MOST_VIEWS, View, find, pack, sentence

LONGEST_MESSAGE = 64 * 1024
MOST_SOCKETS = 2000
PLOTLY_PATH = f"/live/plotly-{plotly.__version__}.min.js"

log = logging.getLogger(__name__)
_pool = ThreadPoolExecutor(max_workers=max(2, os.cpu_count() or 2), thread_name_prefix="live")
_open: set[int] = set()
_turns: WeakValueDictionary[str, asyncio.Lock] = (
    WeakValueDictionary()
)  # one picture at a time for each session


def live_routes(configured: str | None = "") -> list[BaseRoute]:
    """The routes beside Streamlit's own, under its base path."""
    base = base_path(configured)
    return [WebSocketRoute(f"{base}/live", live), Route(f"{base}{PLOTLY_PATH}", plotly_js)]


def base_path(configured: str | None) -> str:
    """ "tools/lightboard/" -> "/tools/lightboard"; nothing stays nothing."""
    path = (configured or "").strip("/")
    return f"/{path}" if path else ""


async def plotly_js(request: Request) -> Response:
    """plotly.min.js as the installed wheel has it; its name changes with its version, so it may be kept for good."""
    zipped = "gzip" in request.headers.get("accept-encoding", "")
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
    if zipped:
        headers["Content-Encoding"] = "gzip"
    body = await asyncio.to_thread(_plotly_bytes, zipped)
    return Response(body, media_type="text/javascript", headers=headers)


@cache
def _plotly_bytes(zipped: bool) -> bytes:
    raw = (files("plotly") / "package_data" / "plotly.min.js").read_bytes()
    return gzip.compress(raw, 6) if zipped else raw


class PreloadPlotly:
    """Tells the browser with the first page that it will want plotly.min.js: it comes while Streamlit starts."""

    def __init__(self, app: ASGIApp, configured: str | None) -> None:
        self.app = app
        self.link = f"<{base_path(configured)}{PLOTLY_PATH}>; rel=preload; as=script".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def linked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message["headers"])
                if any(name == b"content-type" and value.startswith(b"text/html") for name, value in headers):
                    message = {**message, "headers": [*headers, (b"link", self.link)]}
            await send(message)

        await self.app(scope, receive, linked if scope["type"] == "http" else send)


async def live(socket: WebSocket) -> None:
    if not _same_origin(socket):
        await socket.close(4403, "foreign origin")
        return
    if len(_open) >= MOST_SOCKETS:
        await socket.close(4429, "too many visitors")
        return
    await socket.accept()
    _open.add(id(socket))
    visitor = Visitor(socket)
    drawing = asyncio.create_task(visitor.draw_waiting())
    try:
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            if not await visitor.hear(message.get("text") or message.get("bytes") or ""):
                return
    except WebSocketDisconnect:
        pass
    finally:
        _open.discard(id(socket))
        drawing.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await drawing


class Visitor:
    """One connection: what it still waits for, and the session it has shown to belong to."""

    def __init__(self, socket: WebSocket) -> None:
        self.socket = socket
        self.desk: str | None = None
        self.turn = asyncio.Lock()
        self.waiting: dict[str, tuple[Any, dict[str, Any]]] = {}  # token -> (id, set); the newest wins
        self.news = asyncio.Event()

    async def hear(self, text: str | bytes) -> bool:
        """Takes one message in; False when the connection is closed for it."""
        if len(text.encode(errors="replace") if isinstance(text, str) else text) > LONGEST_MESSAGE:
            await self.socket.close(1009, "message too long")
            return False
        try:
            message = json.loads(text)
            token, number, wanted = message["view"], message.get("id"), message["set"]
            if not isinstance(wanted, dict) or not isinstance(number, int | None) or len(wanted) > 64:
                raise TypeError
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            await self.refuse(None, None, "The message is not {view, id, set}.")
            return True
        view = find(token)
        # A connection speaks for the session of the first view that it names, and for no other.
        if view is None or (self.desk or view.desk) != view.desk:
            await self.refuse(
                token if isinstance(token, str) else None, number, "There is no such view.", gone=True
            )
            return True
        if self.desk is None:
            self.desk, self.turn = view.desk, _turns.setdefault(view.desk, self.turn)
        if len(self.waiting) < MOST_VIEWS or token in self.waiting:
            self.waiting[token] = (number, wanted)
            self.news.set()
        return True

    async def draw_waiting(self) -> None:
        """Draws what waits, the oldest view first, for as long as the connection lives."""
        loop = asyncio.get_running_loop()
        while True:
            await self.news.wait()
            while self.waiting:
                token = next(iter(self.waiting))
                number, wanted = self.waiting.pop(token)
                view = find(token)
                if view is None:  # its page was left meanwhile
                    await self.refuse(token, number, "There is no such view.", gone=True)
                    continue
                async with self.turn:
                    frame = await loop.run_in_executor(_pool, _frame, view, number, wanted)
                await self.socket.send_bytes(frame)
            self.news.clear()

    async def refuse(self, token: str | None, number: int | None, why: str, gone: bool = False) -> None:
        header = {"view": token and token[:64], "id": number, "kind": "error", "error": why, "gone": gone}
        await self.socket.send_bytes(pack(header))


def _frame(view: View, number: int | None, wanted: dict[str, Any]) -> bytes:
    name = {"view": view.token, "id": number}
    try:
        drawing = view.answer(wanted)
        if isinstance(drawing, Picture | Plot):
            drawing = drawing.without(view.kept)
        return pack(name | drawing.header(), drawing.payload())
    except Exception as error:  # whatever a draw raises, the visitor gets a sentence and the road stays open
        return pack(name | {"kind": "error", "error": sentence(error)})


def _same_origin(socket: WebSocket) -> bool:
    """Our own pages, and the origins that the server's own configuration names (server.corsAllowedOrigins)."""
    origin = socket.headers.get("origin")
    if origin is None:  # not a browser: it has no cookies to abuse
        return True
    try:
        own = urlparse(origin).netloc.lower() == socket.headers.get("host", "").lower()
    except ValueError:
        return False
    return own or origin.lower() in [o.lower() for o in get_option("server.corsAllowedOrigins") or []]
