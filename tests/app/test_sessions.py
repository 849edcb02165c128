"""Sessions that come and go: what they held on the live road is freed when Streamlit lets go of them."""

import asyncio
import json
import sys
import time
import urllib.request
from collections.abc import Iterator

import pytest

from tests.app.loops import awaited
from tools.server import serve
from tools.visitor import visit

KEPT = 3  # seconds that Streamlit keeps a closed session for, in case its visitor comes back; else 120
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with serve(app="tests/app/counted.py", STREAMLIT_SERVER_DISCONNECTED_SESSION_TTL=str(KEPT)) as url:
        yield url


def alive(server: str) -> dict[str, int]:
    with urllib.request.urlopen(f"{server}/alive", timeout=30) as answer:
        return json.load(answer)


async def come_and_go(server: str, visitors: int, at_once: int = 10) -> int:
    """Each opens the page, asks for a picture over /live and leaves; the most views that were alive at a time."""
    turn, most = asyncio.Semaphore(at_once), [0]

    async def one(i: int) -> None:
        async with turn, visit(server, "activations") as visitor:
            answer = await visitor.ask("activations.stage", {"x": (i % 60) / 10})
            assert answer["kind"] == "plot"
            if i % 10 == 5:
                most[0] = max(most[0], (await asyncio.to_thread(alive, server))["views"])

    await asyncio.gather(*(one(i) for i in range(visitors)))
    return most[0]


def let_go(server: str) -> dict[str, int]:
    """Streamlit looks for outlived sessions when the next visitor leaves."""
    time.sleep(KEPT + 1)  # the one wait that nothing announces: Streamlit's clock
    awaited(come_and_go(server, 1))
    return alive(server)


@pytest.mark.slow
def test_fifty_sessions_leave_nothing_behind(server: str) -> None:
    awaited(come_and_go(server, 20))
    before = let_go(server)
    of_one = before["views"]  # the last visitor's, who is kept in case of a return
    assert 0 < of_one <= 4 and before["connected"] == 0

    most = awaited(come_and_go(server, 50))
    after = let_go(server)
    assert most > 5 * of_one, "the views were there while their sessions were"
    assert after["views"] == of_one
    assert after["connected"] == 0
    assert after["resident"] - before["resident"] < 25, f"{before['resident']} MB grew to {after['resident']} MB"


def test_leaving_a_page_frees_its_figures(server: str) -> None:
    let_go(server)

    async def walk() -> tuple[int, int]:
        async with visit(server, "activations") as visitor:
            there = alive(server)["views"]
            tokens = {head["token"] for head in visitor.figures.values()}
            visitor.figures.clear()
            await visitor.open("activations", "activations.x=3")
            assert {head["token"] for head in visitor.figures.values()} == tokens, "a rerun keeps its tokens"
            visitor.figures.clear()
            await visitor.open("activations-depth")
            assert visitor.figures and not tokens & {head["token"] for head in visitor.figures.values()}
            return there - len(tokens) + len(visitor.figures), alive(server)["views"]

    expected, found = awaited(walk())
    assert found == expected
