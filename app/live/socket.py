"""The live road: one WebSocket a page. A message names a view and what to change; the answer is the picture.

Up:    {"view": token, "id": 7, "set": {"lr": 0.031}}
Down:  a frame (see desk.pack) with {"view", "id", "kind": "plot" | "picture" | "table" | "grids" | "error", …}

A figure that watches a run adds "after": the version that it shows. Its answer comes when there is something newer,
so that a slow browser gets fewer pictures and no queue. "do": ["play", null] is a command to the run; no answer.

Drawing happens in a pool of threads, one picture at a time for each visitor, so that a fast hand cannot starve the
others. Of the messages that wait, only the newest of each view is kept: however fast they come, the queue is as
short as the number of figures.
"""

import asyncio
import contextlib
import gzip
import json
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlparse
from weakref import WeakValueDictionary, ref

import plotly
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect
from streamlit import get_option

from app import metrics
from app.domains import Refused
from app.figures.picture import Picture
from app.figures.plot import Plot
from app.i18n import gettext as _
from app.i18n import set_language
from app.jobs import Job
from app.live.desk import MOST_VIEWS, View, find, pack, sentence

LONGEST_MESSAGE = 64 * 1024
MOST_SOCKETS = 2000
PLOTLY_PATH = f"/live/plotly-{plotly.__version__}.min.js"

_pool = ThreadPoolExecutor(max_workers=max(2, os.cpu_count() or 2), thread_name_prefix="live")
_open: set["Visitor"] = set()
DRAWN = metrics.Histogram("lightboard_live_seconds", "From a request on the live road to its picture.")
REFUSED = metrics.Counter("lightboard_live_refused_total", "Messages that were refused on the live road.")
metrics.gauge("lightboard_live_connections", "Open connections of the live road.", lambda: len(_open))
metrics.gauge("lightboard_live_waiting", "Pictures that wait for their turn.",
              lambda: sum(len(visitor.waiting) for visitor in list(_open)))  # fmt: skip
# One picture at a time for each session.
_turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()


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
    visitor = Visitor(socket)
    _open.add(visitor)
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
        _open.discard(visitor)
        visitor.leave()
        drawing.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await drawing


class Visitor:
    """One connection: what it still waits for, and the session it has shown to belong to."""

    def __init__(self, socket: WebSocket) -> None:
        self.socket = socket
        self.desk: str | None = None
        self.turn = asyncio.Lock()
        # token -> (id, set, when it came); the newest wins
        self.waiting: dict[str, tuple[Any, dict[str, Any], float]] = {}
        self.news = asyncio.Event()
        self.watching: dict[str, Callable[[], None]] = {}  # token -> takes back what it waits for

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
            after, told = message.get("after"), message.get("do")
            if not isinstance(after, int | None) or not (
                told is None or (isinstance(told, list) and len(told) == 2 and isinstance(told[0], str))
            ):
                raise TypeError
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            await self.refuse(None, None, "The message is not {view, id, set}.")
            return True
        view = find(token)
        # A connection speaks for the session of the first view that it names, and for no other.
        if view is None or (self.desk or view.desk) != view.desk:
            await self.refuse(token if isinstance(token, str) else None, number, "There is no such view.", gone=True)
            return True
        if self.desk is None:
            self.desk, self.turn = view.desk, _turns.setdefault(view.desk, self.turn)
        if told is not None:
            await self.command(view, number, told)
        elif after is not None and view.job is not None:
            self.watch(view.job, token, number, wanted, after)
        else:
            self.draw(token, number, wanted)
        return True

    def draw(self, token: str, number: int | None, wanted: dict[str, Any]) -> None:
        """In line for drawing, before what it waited for until now."""
        self.watching.pop(token, lambda: None)()
        if len(self.waiting) < MOST_VIEWS or token in self.waiting:
            self.waiting[token] = (number, wanted, time.perf_counter())
            self.news.set()

    def watch(self, job: Job, token: str, number: int | None, wanted: dict[str, Any], after: int) -> None:
        """Draws as soon as the run has something newer."""
        loop, known = asyncio.get_running_loop(), ref(job)

        def due() -> None:
            if self.watching.get(token) is leave:
                self.draw(token, number, wanted)

        def listener() -> None:  # called by the thread of the run
            with contextlib.suppress(RuntimeError):  # the server is shutting down
                loop.call_soon_threadsafe(due)

        def leave() -> None:
            if (watched := known()) is not None:
                watched.forget(listener)

        self.watching.pop(token, lambda: None)()
        if token in self.waiting or len(self.watching) >= MOST_VIEWS or not job.listen(listener, after):
            self.draw(token, number, wanted)
        else:
            self.watching[token] = leave

    async def command(self, view: View, number: int | None, told: list[Any]) -> None:
        """To the run that the view watches."""
        set_language(view.language)
        try:
            if view.job is None:
                raise Refused(_("This figure watches no run."))
            view.job.do(*told)
        except Refused as error:
            await self.refuse(view.token, number, str(error))

    def leave(self) -> None:
        """The connection has ended."""
        for forget in self.watching.values():
            forget()
        self.watching.clear()

    async def draw_waiting(self) -> None:
        """Draws what waits, the oldest view first, for as long as the connection lives."""
        loop = asyncio.get_running_loop()
        while True:
            await self.news.wait()
            while self.waiting:
                token = next(iter(self.waiting))
                number, wanted, came = self.waiting.pop(token)
                view = find(token)
                if view is None:  # its page was left meanwhile
                    await self.refuse(token, number, "There is no such view.", gone=True)
                    continue
                async with self.turn:
                    frame = await loop.run_in_executor(_pool, _frame, view, number, wanted)
                del view  # a page that is left while nothing is asked is let go
                await self.socket.send_bytes(frame)
                DRAWN.see(time.perf_counter() - came)
            self.news.clear()

    async def refuse(self, token: str | None, number: int | None, why: str, gone: bool = False) -> None:
        REFUSED.more()
        header = {"view": token and token[:64], "id": number, "kind": "error", "error": why, "gone": gone}
        await self.socket.send_bytes(pack(header))


def _frame(view: View, number: int | None, wanted: dict[str, Any]) -> bytes:
    name: dict[str, Any] = {"view": view.token, "id": number}
    try:
        if view.job is not None:
            set_language(view.language)
            name["job"] = view.job.status()  # before the picture: what comes meanwhile is news
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
