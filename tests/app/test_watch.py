"""Runs over the live road: an answer when there is news, commands, and nobody left listening."""

import gc
import json
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from websockets.sync.client import ClientConnection

from app.domains import Span
from app.jobs import Job
from app.live.desk import Desk, View
from app.places import Threads
from tests.app.test_jobs import MODEL, START, until
from tests.app.test_live import Place, hear, serving

DOMAINS = {"x": Span(-10.0, 10.0, 0.1), "size": Span(0.0, 5.0, 0.5)}


@dataclass(frozen=True)
class Shown:
    step: int
    x: float

    def header(self) -> dict[str, Any]:
        return {"kind": "shown", "step": self.step, "x": self.x}

    def payload(self) -> bytes:
        return b""


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with serving() as it:
        yield it


@pytest.fixture
def desk() -> Iterator[Desk]:
    it = Desk()
    job = it.jobs["run"] = Job(MODEL, [START], {"size": 1.0}, place=Threads(1))
    threads = job.place
    it.put("stage", lambda x, size: Shown(job.watched().step, x), {"x": 0.0, "size": 1.0}, DOMAINS, "en", job,
           frozenset({"size"}))  # fmt: skip
    yield it
    job.stop()
    until(lambda: threads.busy == 0)


def send(socket: ClientConnection, view: View, number: int | None = 1, **more: Any) -> None:
    socket.send(json.dumps({"view": view.token, "id": number, "set": {}} | more))


def test_the_answer_comes_when_there_is_news(place: Place, desk: Desk) -> None:
    view, job = desk.views["stage"], desk.jobs["run"]
    with place.live() as socket:
        send(socket, view, 1, after=job.version)
        send(socket, view, None, do=["step", None])
        first = hear(socket)
        assert first["id"] == 1 and first["job"]["version"] > 0
        send(socket, view, 2, after=-1)
        assert hear(socket)["id"] == 2, "what is old is answered at once"


def test_a_running_job_is_seen_step_by_step(place: Place, desk: Desk) -> None:
    view = desk.views["stage"]
    with place.live() as socket:
        send(socket, view, None, do=["play", None])
        seen, version = [], 0
        for number in range(8):
            send(socket, view, number, after=version)
            answer = hear(socket)
            assert answer["id"] == number and answer["job"]["version"] > version
            version = answer["job"]["version"]
            seen.append(answer["step"])
        send(socket, view, None, do=["pause", None])
    assert seen == sorted(seen) and seen[-1] > seen[0]


def test_a_newer_question_takes_the_place_of_one_that_waits(place: Place, desk: Desk) -> None:
    view, job = desk.views["stage"], desk.jobs["run"]
    with place.live() as socket:
        for number in range(20):
            send(socket, view, number, after=job.version)
        send(socket, view, 99, set={"x": 1.5})
        answer = hear(socket)
        assert (answer["id"], answer["x"]) == (99, 1.5)
        assert not job._listeners


def test_a_slider_steers_the_run_while_it_moves(place: Place, desk: Desk) -> None:
    view = desk.views["stage"]
    with place.live() as socket:
        send(socket, view, 1, set={"size": 2.5, "x": 1.0})
        assert hear(socket)["x"] == 1.0
    assert desk.jobs["run"].settings == [{"size": 2.5}]


@pytest.mark.parametrize("told", [["explode", None], ["scrub", "x"], ["speed", 3]])
def test_a_bad_command_gets_a_sentence(place: Place, desk: Desk, told: list[Any]) -> None:
    with place.live() as socket:
        send(socket, desk.views["stage"], 4, do=told)
        answer = hear(socket)
        assert answer["id"] == 4 and answer["error"].endswith(".")


@pytest.mark.parametrize("more", [{"do": "play"}, {"do": []}, {"do": [1, 2]}, {"do": [[], 2]}, {"after": "x"}])
def test_malformed_questions_are_refused(place: Place, desk: Desk, more: dict[str, Any]) -> None:
    with place.live() as socket:
        send(socket, desk.views["stage"], 4, **more)
        assert hear(socket)["error"].endswith(".")
        assert desk.jobs["run"].phase == "paused"


def test_a_connection_that_ends_listens_no_more(place: Place, desk: Desk) -> None:
    view, job = desk.views["stage"], desk.jobs["run"]
    with place.live() as socket:
        send(socket, view, 1, after=job.version)
        until(lambda: len(job._listeners) == 1)
    until(lambda: not job._listeners)


def test_turning_the_page_ends_its_run(place: Place) -> None:
    desk, threads = Desk(), Threads(1)
    desk.turn_to("gan")
    job = desk.jobs["run"] = Job(MODEL, [START], {"size": 1.0}, place=threads)
    desk.put("stage", lambda job=job: Shown(job.watched().step, 0.0), {}, {}, "en", job)
    with place.live() as socket:
        send(socket, desk.views["stage"], 1, after=job.version)
        until(lambda: len(desk.jobs["run"]._listeners) == 1)
        send(socket, desk.views["stage"], None, do=["play", None])
        hear(socket)
        gone = weakref.ref(job)
        desk.turn_to("vae")
        del job
        until(lambda: threads.busy == 0)
        gc.collect()
        until(lambda: gone() is None)
