"""N visitors without a browser, each with a session of its own, drag at 5 moves a second each."""

import asyncio
import json
import os
import re
import sys
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.numbers import percentile, say
from tools.visitor import Visitor, visit


@dataclass
class Load:
    visitors: int
    moves: int = 0
    pictures: int = 0
    errors: int = 0
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    rss: float = 0.0


async def hand(visitor: Visitor, load: Load, until: float, pace: float, phase: float) -> None:
    """Moves the page's first slider at an even pace, as the browser does: one request in flight, the newest wins."""
    name, slider, figure = followed(visitor)
    wish: tuple[float, Any] | None = None
    flying: float | None = None
    moved = asyncio.Event()

    async def ears() -> None:
        nonlocal flying, wish
        road = visitor.road
        assert road is not None
        while True:
            frame = await road.recv()
            arrived = time.perf_counter()
            assert isinstance(frame, bytes) and flying is not None
            if b'"kind":"error"' in frame[:240]:
                load.errors += 1
            load.latencies.append((arrived - flying) * 1000)
            load.pictures += 1
            flying = None
            if wish is not None:
                flying, value = wish
                wish = None
                await visitor.send(figure, {name: value})
            moved.set()

    await visitor.ask(figure, {name: slider.value(0.5)})  # the road is open before the clock runs
    listening = asyncio.create_task(ears())
    try:
        await asyncio.sleep(phase)
        step, due = 0, time.perf_counter()
        while due < until:
            value = slider.value(abs((step * 0.037) % 2 - 1))
            load.moves += 1
            if flying is None:
                flying = due = time.perf_counter()
                await visitor.send(figure, {name: value})
            else:
                wish = (time.perf_counter(), value)
            step += 1
            due += pace
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
        last = time.perf_counter() + 10
        while flying is not None and time.perf_counter() < last and not listening.done():
            await asyncio.sleep(0.02)
        if flying is not None or listening.done():
            load.errors += 1  # a move was never answered, or the connection was lost
    finally:
        listening.cancel()


def followed(visitor: Visitor) -> tuple[str, Any, str]:
    """The first slider that the first figure follows."""
    for figure, head in visitor.figures.items():
        for name in head["watch"]:
            if name in visitor.sliders and name in head["values"]:  # a figure that rests has but handles there
                return name, visitor.sliders[name], figure
    raise LookupError("no figure of this page follows a slider")


async def crowd(base: str, server: int, addresses: list[str], sizes: list[int], seconds: float) -> list[Load]:
    loads = []
    async with AsyncExitStack() as stack:
        visitors: list[Visitor] = []
        for size in sizes:
            while len(visitors) < size:
                address = addresses[len(visitors) % len(addresses)]
                visitor = await stack.enter_async_context(visit(base, address))
                try:
                    followed(visitor)
                except LookupError:
                    addresses = [a for a in addresses if a != address]
                    continue
                visitors.append(visitor)
            load, start = Load(size), time.perf_counter()
            hands = [hand(v, load, start + seconds + 1, 0.2, 0.2 + 0.2 * i / size) for i, v in enumerate(visitors)]
            for outcome in await asyncio.gather(*hands, return_exceptions=True):
                load.errors += isinstance(outcome, BaseException)
            load.seconds = time.perf_counter() - start
            load.rss = resident(server)
            loads.append(load)
            say(f"  {size} visitors: p95 {percentile(load.latencies, 0.95):.0f} ms, {load.errors} errors")
    return loads


def resident(process: int) -> float:
    """MB of memory that a process holds; nan where /proc is not to be had."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return float("nan")
    found = re.search(r"VmRSS:\s+(\d+)", status)
    return int(found[1]) / 1024 if found else float("nan")


def server_process(base: str) -> int:
    """The server behind an address: that child of ours which was started for its port; 0 where it cannot be seen."""
    port = base.rsplit(":", 1)[1].split("/")[0]
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes().split(b"\0")
            parent = (folder / "stat").read_text().rsplit(")", 1)[1].split()[1]
        except OSError:
            continue
        if int(parent) == os.getpid() and port.encode() in line:
            return int(folder.name)
    return 0


def main() -> None:
    """The visitors' own process: what is asked of them as JSON, what they have seen as JSON."""
    task = json.loads(sys.argv[1])
    loads = asyncio.run(crowd(task["base"], task["server"], task["pages"], task["sizes"], task["seconds"]))
    print(json.dumps([vars(load) for load in loads]))


if __name__ == "__main__":
    main()
