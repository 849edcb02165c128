"""How fast a GAN learns while it is watched: `python -m bench.gan [--seconds 4] [--turns 5]`.

The bare loop is the same rounds in a process of their own, without a picture. The watched run is that of the page, in
a real server, with a visitor over /live who asks for the next picture as soon as one has come, and moves a slider now
and then. They take turns, a few seconds each, so that whatever else the machine does meets both; the median of the
turns counts.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import time

from tools.server import serve
from tools.visitor import Visitor, unpack, visit

STAGE = "gan.stage"
BARE = """
import sys, time, torch
from core import clouds, gan2d, gan_losses
torch.set_num_threads(1)
state, how = gan2d.init(clouds.cloud("eight")), {"loss": gan_losses.chosen_loss("ns"), "ema": 0.9}
for state in gan2d.rounds(state, 50, how): pass
for line in sys.stdin:
    begun, n = time.perf_counter(), 0
    while time.perf_counter() - begun < float(line):
        state, n = gan2d.step(state, how), n + 1
    print(n / (time.perf_counter() - begun), flush=True)
"""


def bare(loop: "subprocess.Popen[str]", seconds: float) -> float:
    """Rounds a second without a picture."""
    assert loop.stdin and loop.stdout
    print(seconds, file=loop.stdin, flush=True)
    return float(loop.stdout.readline())


async def tell(visitor: Visitor, **more: object) -> None:
    assert visitor.road is not None
    token = visitor.figures[STAGE]["token"]
    await visitor.road.send(json.dumps({"view": token, "id": 1, "set": {}} | more))


async def watched(visitor: Visitor, seconds: float) -> tuple[float, float, list[float]]:
    """Rounds and pictures a second, and how long a moved slider waited for its picture (ms)."""
    await tell(visitor, do=["play", None])
    version, pictures, asks, waits = -1, -10, 0, []
    begun = step = 0.0
    while not begun or time.perf_counter() - begun < seconds:
        asks, asked = asks + 1, time.perf_counter()
        moved = asks % 10 == 0
        await tell(visitor, **({"set": {"lr_g": 0.002}} if moved else {"after": version}))
        assert visitor.road is not None
        head = unpack(await visitor.road.recv())[0]
        version, pictures = (
            head["job"]["version"],
            pictures + (not moved),
        )  # what the slider brings is no news
        if moved:
            waits.append(1000 * (time.perf_counter() - asked))
        if not begun and pictures >= 0:  # the first ones warm up
            begun, step, pictures = time.perf_counter(), head["job"]["step"], 0
    took = time.perf_counter() - begun
    await tell(visitor, do=["pause", None])
    return (head["job"]["step"] - step) / took, pictures / took, waits


async def turns(url: str, seconds: float, n: int) -> None:
    command = [sys.executable, "-c", BARE]
    loop = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    each, waits = [], []
    async with visit(url, "gan") as visitor:
        await visitor.ask(STAGE, {})
        bare(loop, 1)
        for _turn in range(n):
            alone = bare(loop, seconds)
            rate, pictures, waited = await watched(visitor, seconds)
            each.append((alone, rate, rate / alone, pictures))
            waits += waited
            line = "bare loop {:.0f} rounds/s, watched {:.0f}: {:.2f} of it, {:.1f} pictures/s"
            print(line.format(*each[-1]), flush=True)
    loop.terminate()
    alone, rate, share, pictures = (statistics.median(turn[i] for turn in each) for i in range(4))
    least, most = min(turn[2] for turn in each), max(turn[2] for turn in each)
    print(
        f"Median of {n} turns: bare loop {alone:.0f} rounds/s; watched {rate:.0f} ({share:.2f} of it, {least:.2f} to "
        f"{most:.2f}), {pictures:.1f} pictures/s; a moved slider waits {statistics.median(waits):.0f} ms"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--turns", type=int, default=5)
    asked = parser.parse_args()
    with serve() as url:
        asyncio.run(turns(url, asked.seconds, asked.turns))


if __name__ == "__main__":
    main()
