"""A lecture that lasts: `python -m bench.soak --minutes 10`. 100 pages open, 30 hands drag, 5 trainings run.

One server, and the visitors in this process, without a browser. Each ten seconds: latency of the drags, errors,
pages answered late, memory; at the end whether memory has settled, and what gave first.
"""

import argparse
import asyncio
import json
import os
import re
import statistics
import time
import urllib.request
from contextlib import AsyncExitStack, nullcontext
from dataclasses import dataclass, field

from bench.numbers import number, percentile, table
from bench.visitors import Load, followed, hand
from tools.server import serve
from tools.visitor import Visitor, unpack, visit

STAGE = "gan.stage"  # the page whose run is watched
PACE = 0.2  # seconds between two moves of a hand


@dataclass
class Slice:
    """What was seen in one stretch of the soak."""

    until: float  # seconds since the start
    drags: list[float] = field(default_factory=list)  # ms from a move to its picture
    moments: list[float] = field(default_factory=list)  # pictures a second of each training
    opened: float = float("nan")  # seconds until a newcomer has the page
    errors: int = 0
    memory: float = 0.0  # MB
    waiting: int = 0  # trainings that stand in line
    told: set[str] = field(default_factory=set)  # what the trainings said under their pictures

    def row(self) -> list[str]:
        return [f"{self.until / 60:.1f}", number(percentile(self.drags, 0.5)), number(percentile(self.drags, 0.95)),
                number(percentile(self.drags, 0.99)), number(len(self.drags)),
                number(statistics.mean(self.moments) if self.moments else float("nan"), 1),
                number(self.opened, 1), str(self.waiting), str(self.errors), number(self.memory)]  # fmt: skip


HEAD = ["min", "drag, median ms", "p95 ms", "p99 ms", "pictures", "training, pictures/s", "newcomer, s", "in line",
        "errors", "server, MB"]  # fmt: skip


class Train:
    """Watches a run for as long as it is asked to, as the browser does."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor, self.pictures, self.errors = visitor, 0, 0
        self.told: set[str] = set()  # what stood under the picture

    async def watch(self) -> None:
        await self.visitor.ask(STAGE, {})
        road, token, version = self.visitor.road, self.visitor.figures[STAGE]["token"], -1
        assert road is not None
        await road.send(json.dumps({"view": token, "id": 1, "set": {}, "do": ["play", None]}))
        while True:
            await road.send(json.dumps({"view": token, "id": 1, "set": {}, "after": version}))
            head = unpack(await road.recv())[0]
            if "job" in head:
                version = head["job"]["version"]
                self.told |= {re.sub(r"\d+", "n", head["job"].get("told") or "")} - {""}
            self.errors += head["kind"] == "error"
            self.pictures += 1


async def soak(base: str, asked: argparse.Namespace) -> list[Slice]:
    slices: list[Slice] = []
    async with AsyncExitStack() as stack:
        trains = [Train(await stack.enter_async_context(visit(base, "gan"))) for _i in range(asked.training)]
        pages = asked.page or ["activations", "optimizers", "pooling"]
        hands: list[Visitor] = []
        while len(hands) < asked.dragging:
            visitor = await stack.enter_async_context(visit(base, pages[len(hands) % len(pages)]))
            followed(visitor)
            hands.append(visitor)
        for i in range(asked.open - asked.dragging - asked.training):
            await stack.enter_async_context(visit(base, pages[i % len(pages)]))
        running = [asyncio.create_task(train.watch()) for train in trains]
        print(f"{asked.open} pages are open.", flush=True)
        begun, end = time.perf_counter(), time.perf_counter() + 60 * asked.minutes
        while (now := time.perf_counter()) < end:
            last, load = min(end, now + asked.every), Load(asked.dragging)
            before = [train.pictures for train in trains], sum(train.errors for train in trains)
            moving = [hand(v, load, last, PACE, PACE * i / len(hands)) for i, v in enumerate(hands)]
            outcomes = await asyncio.gather(newcomer(base), *moving, return_exceptions=True)
            took = time.perf_counter() - now
            numbers = await asyncio.to_thread(metrics, base)
            slices.append(Slice(
                until=time.perf_counter() - begun, drags=load.latencies,
                moments=[(t.pictures - b) / took for t, b in zip(trains, before[0], strict=True)],
                opened=outcomes[0] if isinstance(outcomes[0], float) else float("nan"),
                errors=load.errors + sum(isinstance(o, BaseException) for o in outcomes)
                + sum(task.done() for task in running) + sum(t.errors for t in trains) - before[1],
                memory=numbers["process_resident_memory_bytes"] / 2**20,
                waiting=int(numbers["lightboard_jobs_waiting"]),
                told={sentence for train in trains for sentence in train.told}))  # fmt: skip
            print("  ".join(slices[-1].row()), flush=True)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    return slices


async def newcomer(base: str) -> float:
    """Seconds until somebody who comes in the middle of it has the page."""
    begun = time.perf_counter()
    async with visit(base, "activations") as visitor:
        if not visitor.figures:
            raise LookupError("the newcomer was not let in")
        return time.perf_counter() - begun


def metrics(base: str) -> dict[str, float]:
    with urllib.request.urlopen(f"{base}/metrics", timeout=60) as answer:
        text = answer.read().decode()
    return {name: float(value) for name, value in re.findall(r"^(\w+) (\S+)$", text, re.M)}


def verdict(slices: list[Slice], empty: float) -> str:
    """Growth of memory over the second half, and what is slowest against what was to be reached."""
    first, half = slices[0], slices[len(slices) // 2 :]
    drags = [ms for s in slices for ms in s.drags]
    late = {"the drags (p95 over 300 ms)": percentile(drags, 0.95) / 300,
            "newcomers (the page after more than 2 s)": percentile([s.opened for s in slices], 0.5) / 2,
            "trainings (under 2 pictures a second)":
                2 / max(0.01, statistics.mean([m for s in slices for m in s.moments] or [99.0]))}  # fmt: skip
    worst = max(late, key=lambda name: late[name])
    gave = f"First to give: {worst}, {late[worst]:.1f} times its aim." if late[worst] > 1 else "Nothing gave."
    grown = half[-1].memory - half[0].memory
    told = ", ".join(f"“{sentence}”" for sentence in sorted(slices[-1].told))
    return (f"Median {number(percentile(drags, 0.5))} ms, p95 {number(percentile(drags, 0.95))} ms, "
            f"p99 {number(percentile(drags, 0.99))} ms over {len(drags)} "
            f"pictures; {sum(s.errors for s in slices)} errors; memory {empty:.0f} MB with no page open, "
            f"{first.memory:.0f} MB at the beginning, {slices[-1].memory:.0f} MB at the end, {grown:+.0f} MB in "
            f"the second half. {gave}"
            + f" Trainings said: {told}." * bool(told))  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--every", type=float, default=10.0, help="seconds between two rows")
    parser.add_argument("--open", type=int, default=100)
    parser.add_argument("--dragging", type=int, default=30)
    parser.add_argument("--training", type=int, default=5)
    parser.add_argument("--page", action="append", help="of the hands; several are shared out")
    parser.add_argument("--base", help="a server that runs already, such as http://127.0.0.1:8501")
    asked = parser.parse_args()
    load = os.getloadavg()[0]
    with nullcontext(asked.base) if asked.base else serve() as base:
        empty = metrics(base)["process_resident_memory_bytes"] / 2**20
        slices = asyncio.run(soak(base, asked))
    print(f"\n`python -m bench.soak --minutes {asked.minutes:g}`: {asked.open} pages open, {asked.dragging} dragging "
          f"at {1 / PACE:g} moves a second, {asked.training} training; load average before: {load:.1f}.\n")  # fmt: skip
    print(table(HEAD, [s.row() for s in slices]))
    print(f"\n{verdict(slices, empty)}")


if __name__ == "__main__":
    main()
