"""A visitor without a browser: opens a session as the browser does, and speaks to /live with the tokens it is given.

async with visit("http://127.0.0.1:8501", "activations") as visitor:
    frame = await visitor.ask("activations.stage", {"x": 1.5})
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets import Subprotocol
from websockets.asyncio.client import ClientConnection, connect

LARGEST = 64 * 2**20


@dataclass(frozen=True)
class Slider:
    """One slider of a page: the parameter it sets and the values it can take."""

    name: str
    low: float
    high: float
    step: float
    options: tuple[Any, ...] = ()
    pair: bool = False

    def value(self, share: float) -> Any:
        """The stop at a share 0..1 of its way."""
        if self.options:
            return self.options[round(share * (len(self.options) - 1))]
        steps = round((self.high - self.low) / self.step)
        number = round(self.low + round(share * steps) * self.step, 9)
        number = int(number) if float(self.step).is_integer() and float(self.low).is_integer() else number
        return [min(number, self.high - self.step), self.high] if self.pair else number


@dataclass
class Visitor:
    """One session: the figures of its page (by name), its sliders (by name), and one connection to /live."""

    stream: ClientConnection
    base: str
    figures: dict[str, dict[str, Any]] = field(default_factory=dict)
    sliders: dict[str, Slider] = field(default_factory=dict)
    road: ClientConnection | None = None
    number: int = 0
    how: dict[str, Any] = field(default_factory=dict)  # to connect: headers, TLS

    async def open(self, address: str, query: str = "") -> None:
        """Runs the page and keeps what it shows of figures and sliders."""
        message = BackMsg()
        message.rerun_script.page_name = address
        message.rerun_script.query_string = query
        message.rerun_script.context_info.locale = "en"
        await self.stream.send(message.SerializeToString())
        sliders = []
        while True:
            forward = ForwardMsg()
            forward.ParseFromString(await self.stream.recv())
            kind = forward.WhichOneof("type")
            if kind == "script_finished" and forward.script_finished in (0, 1):
                break
            if kind != "delta" or forward.delta.WhichOneof("type") != "new_element":
                continue
            element = forward.delta.new_element
            if element.WhichOneof("type") == "bidi_component":
                head, _ = unpack(element.bidi_component.bytes)
                self.figures[head["name"]] = head
            elif element.WhichOneof("type") == "slider":
                sliders.append(element.slider)
        watched = {spec["key"]: (name, spec) for head in self.figures.values() for name, spec in head["watch"].items()}
        for slider in sliders:
            found = next((k for k in watched if slider.id.endswith(f"-{k}")), None)
            if found:
                name, spec = watched[found]
                self.sliders[name] = Slider(name, slider.min, slider.max, slider.step,
                                            tuple(spec["options"] or ()), spec["pair"])  # fmt: skip

    async def send(self, figure: str, wanted: dict[str, Any]) -> int:
        """Asks for a picture; the number under which the answer comes."""
        if self.road is None:
            self.road = await connect(live_url(self.base), max_size=LARGEST, open_timeout=60, **self.how)
        self.number += 1
        token = self.figures[figure]["token"]
        await self.road.send(json.dumps({"view": token, "id": self.number, "set": wanted}))
        return self.number

    async def receive(self) -> dict[str, Any]:
        assert self.road is not None
        return unpack(await self.road.recv())[0]

    async def ask(self, figure: str, wanted: dict[str, Any]) -> dict[str, Any]:
        await self.send(figure, wanted)
        return await self.receive()


def unpack(frame: str | bytes) -> tuple[dict[str, Any], bytes]:
    """The header and the bytes of a frame (pack() in app/live/desk.py)."""
    assert isinstance(frame, bytes)
    length = int.from_bytes(frame[:4], "little")
    return json.loads(frame[4 : 4 + length]), frame[4 + length :]


def live_url(base: str) -> str:
    return base.replace("http", "ws", 1).rstrip("/") + "/live"


@asynccontextmanager
async def visit(base: str, address: str, query: str = "", **how: Any) -> AsyncIterator[Visitor]:
    """A session on the page at `address`, as long as the block lasts; `how` to connect: headers, TLS."""
    url = base.replace("http", "ws", 1).rstrip("/") + "/_stcore/stream"
    async with connect(
        url, subprotocols=[Subprotocol("streamlit")], max_size=LARGEST, open_timeout=60, **how
    ) as stream:
        visitor = Visitor(stream, base, how=how)
        try:
            await visitor.open(address, query)
            yield visitor
        finally:
            if visitor.road is not None:
                await visitor.road.close()
