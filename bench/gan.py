"""How fast a GAN learns while it is watched: `python -m bench.gan [--seconds 6]`.

The bare loop is the same rounds in a process of their own, without a picture. The watched run is that of the page, in
a real server, with a visitor over /live who asks for the next picture as soon as one has come, and moves a slider now
and then. Both in turn, several times; the best of each counts.
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
state, how = gan2d.init(clouds.cloud("eight")), {"loss": gan_losses.chosen_loss("ns")}
for state in gan2d.rounds(state, 50, how): pass
begun, n = time.perf_counter(), 0
while time.perf_counter() - begun < float(sys.argv[1]):
    state, n = gan2d.step(state, how), n + 1
print(n / (time.perf_counter() - begun))
"""


def bare(seconds: float) -> float:
    """Rounds a second without a picture."""
    ran = subprocess.run(
        [sys.executable, "-c", BARE, str(seconds)], capture_output=True, text=True, check=True
    )
    return float(ran.stdout)


async def tell(visitor: Visitor, **more: object) -> None:
    assert visitor.road is not None
    token = visitor.figures[STAGE]["token"]
    await visitor.road.send(json.dumps({"view": token, "id": 1, "set": {}} | more))


async def watched(url: str, seconds: float) -> tuple[float, float, list[float]]:
    """Rounds and pictures a second, and how long a moved slider waited for its picture (ms)."""
    async with visit(url, "gan") as visitor:
        await visitor.ask(STAGE, {})
        await tell(visitor, do=["play", None])
        version, pictures, waits = -1, -20, []
        begun = step = 0.0
        while not begun or time.perf_counter() - begun < seconds:
            moved = pictures % 10 == 9
            asked = time.perf_counter()
            await tell(visitor, **({"set": {"lr_g": 0.001}} if moved else {"after": version}))
            assert visitor.road is not None
            head = unpack(await visitor.road.recv())[0]
            version, pictures = head["job"]["version"], pictures + 1
            if moved and pictures > 0:
                waits.append(1000 * (time.perf_counter() - asked))
            if pictures == 0:  # the first ones warm up
                begun, step = time.perf_counter(), head["job"]["step"]
        took = time.perf_counter() - begun
        return (head["job"]["step"] - step) / took, pictures / took, waits


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--turns", type=int, default=3)
    asked = parser.parse_args()
    loops, runs = [], []
    with serve() as url:
        for _turn in range(asked.turns):
            loops.append(bare(asked.seconds))
            runs.append(asyncio.run(watched(url, asked.seconds)))
    rate, pictures, waits = max(runs)
    print(f"bare loop: {max(loops):.0f} rounds/s; watched: {rate:.0f} rounds/s ({rate / max(loops):.2f} of it), "
          f"{pictures:.1f} pictures/s, a moved slider: median {statistics.median(waits):.0f} ms")  # fmt: skip


if __name__ == "__main__":
    main()
