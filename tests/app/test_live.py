"""/live without a browser: what it answers, what it refuses, and that nobody pays for the bad manners of another."""

import gc
import gzip
import http.client
import importlib.resources
import json
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from app import i18n
from app.domains import Options, Pair, Refused, Span
from app.i18n import gettext as _
from app.live import desk as desks
from app.live.desk import MOST_VIEWS, Desk, View
from app.live.socket import LONGEST_MESSAGE, PLOTLY_PATH, live_routes
from tools.server import free_port
from tools.visitor import unpack

DOMAINS = {
    "x": Span(-10.0, 10.0, 0.1),
    "n": Span(1, 8, 1, whole=True),
    "span": Pair(Span(-10.0, 10.0, 0.5)),
    "lr": Options((0.001, 0.01, 0.1)),
}
VALUES = {"x": 0.0, "n": 2, "span": (-6.0, 6.0), "lr": 0.01}


@dataclass(frozen=True)
class Shown:
    """The plainest drawing: the value that it shows."""

    x: float
    alt: str = ""

    def header(self) -> dict[str, Any]:
        return {"kind": "shown", "alt": self.alt, "x": self.x}

    def payload(self) -> bytes:
        return b""


class Draws:
    """A draw function that remembers what it was asked for."""

    def __init__(self, act: Callable[[dict[str, Any]], None] = lambda values: None) -> None:
        self.act = act
        self.asked: list[dict[str, Any]] = []

    def __call__(self, **values: Any) -> Shown:
        self.asked.append(values)
        self.act(values)
        return Shown(values["x"], _("Probe x"))


@dataclass(frozen=True)
class Place:
    """Where the routes are served."""

    port: int

    def live(self, path: str = "/live", origin: str | None = None) -> ClientConnection:
        headers = {"Origin": origin} if origin else {}
        return connect(f"ws://127.0.0.1:{self.port}{path}", additional_headers=headers, max_size=None)

    def get(self, path: str, encoding: str = "identity") -> tuple[http.client.HTTPResponse, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request("GET", path, headers={"Accept-Encoding": encoding})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer, body


@contextmanager
def serving(configured: str = "") -> Iterator[Place]:
    """The routes behind a real server in this process, with the WebSocket protocol that Streamlit chooses."""
    port = free_port()
    app = Starlette(routes=live_routes(configured))
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="critical", ws="websockets-sansio"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        thread.join(0.01)
    try:
        yield Place(port)
    finally:
        server.should_exit = True
        thread.join(10)


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with serving() as it:
        yield it


@pytest.fixture
def desk() -> Desk:
    return Desk()


def put(desk: Desk, draw: Callable[..., Shown], name: str = "stage", language: str = "en") -> View:
    return desk.put(name, draw, VALUES, DOMAINS, language)


def send(socket: ClientConnection, view: View, wanted: dict[str, Any], number: int = 1) -> None:
    socket.send(json.dumps({"view": view.token, "id": number, "set": wanted}))


def hear(socket: ClientConnection) -> dict[str, Any]:
    return unpack(socket.recv(20))[0]


def ask(socket: ClientConnection, view: View, wanted: dict[str, Any], number: int = 1) -> dict[str, Any]:
    send(socket, view, wanted, number)
    return hear(socket)


# --- what it answers ---


def test_the_picture_with_one_value_changed(place: Place, desk: Desk) -> None:
    draw = Draws()
    view = put(desk, draw)
    with place.live() as socket:
        answer = ask(socket, view, {"x": 1.5}, number=7)
    assert (answer["view"], answer["id"], answer["kind"], answer["x"]) == (
        view.token,
        7,
        "shown",
        1.5,
    )
    assert draw.asked == [VALUES | {"x": 1.5}]


def test_values_reach_the_draw_as_their_control_has_them(place: Place, desk: Desk) -> None:
    draw = Draws()
    view = put(desk, draw)
    with place.live() as socket:
        ask(socket, view, {"n": 3.0, "span": [-1, 2.5], "lr": 0.1})
    assert draw.asked == [VALUES | {"n": 3, "span": (-1.0, 2.5), "lr": 0.1}]
    assert isinstance(draw.asked[0]["n"], int)


def test_a_message_may_come_as_bytes(place: Place, desk: Desk) -> None:
    view = put(desk, Draws())
    with place.live() as socket:
        socket.send(json.dumps({"view": view.token, "id": 1, "set": {}}).encode())
        assert hear(socket)["kind"] == "shown"


@pytest.mark.parametrize("before", ["en", "ru"])
def test_the_language_is_that_of_the_view(place: Place, desk: Desk, before: str) -> None:
    """Whatever was drawn before in the same thread, a picture and a refusal speak the language of their page."""
    draws = {language: put(desk, Draws(), language, language) for language in ("en", "ru", "pseudo")}
    with place.live() as socket:
        for _turn in range(3):
            for language, view in draws.items():
                ask(socket, draws[before], {})
                refusal, picture = ask(socket, view, {"y": 1})["error"], ask(socket, view, {"x": 1})["alt"]
                i18n.set_language(language)
                assert picture == _("Probe x")
                assert refusal == _("This figure does not follow a control of that name.")
                i18n.set_language("en")


# --- what it refuses ---

BAD_VALUES = [
    ("x", 10.1), ("x", -1e9), ("x", 1e400), ("x", float("nan")), ("x", float("-inf")), ("x", 10**400),
    ("x", "1"), ("x", None), ("x", True), ("x", [1]), ("x", {"value": 1}), ("x", 0.05), ("x", 1.01),
    ("n", 2.5), ("n", 9), ("n", False),
    ("span", 3), ("span", [1]), ("span", [1, 2, 3]), ("span", [4, 2]), ("span", [-10.5, 2]),
    ("span", [0, float("nan")]),
    ("lr", 0.02), ("lr", "0.01"), ("lr", True), ("lr", None), ("lr", [0.01]), ("lr", float("nan")),
    ("y", 1), ("__class__", 1), ("", 1),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), BAD_VALUES, ids=lambda v: repr(v)[:20])
def test_a_value_that_no_thumb_can_take(place: Place, desk: Desk, name: str, value: Any, caplog: Any) -> None:
    """It is refused with a sentence, nothing is computed, and the road stays open."""
    draw = Draws()
    view = put(desk, draw)
    with place.live() as socket:
        answer = ask(socket, view, {"lr": 0.1, name: value})
        assert answer["kind"] == "error" and answer["error"].endswith(".") and len(answer["error"]) <= 300
        assert not draw.asked
        assert not caplog.records, "a visitor's bad value is no fault of ours"
        assert ask(socket, view, {"x": 1})["kind"] == "shown"


MALFORMED = [
    "", "{", "nonsense", "[]", "null", "7", '"text"', "{}", '{"view": 1}', '{"set": {}}',
    '{"view": "%s"}', '{"view": "%s", "set": []}', '{"view": "%s", "set": null}',
    '{"view": "%s", "id": "a", "set": {}}',
    '{"view": "%s", "id": [], "set": {}}', "[" * 20_000, '{"a":' * 5_000,
    json.dumps({"view": "%s", "id": 1, "set": {str(i): i for i in range(65)}}),
]  # fmt: skip


@pytest.mark.parametrize("message", MALFORMED, ids=lambda m: m[:30])
def test_malformed_messages_get_a_sentence(place: Place, desk: Desk, message: str) -> None:
    draw = Draws()
    view = put(desk, draw)
    with place.live() as socket:
        socket.send(message.replace("%s", view.token))
        assert hear(socket)["error"].endswith(".")
        assert not draw.asked
        assert ask(socket, view, {})["kind"] == "shown"


def test_bytes_that_are_no_text(place: Place, desk: Desk) -> None:
    view = put(desk, Draws())
    with place.live() as socket:
        socket.send(b"\xff\xfe\x00{")
        assert hear(socket)["kind"] == "error"
        assert ask(socket, view, {})["kind"] == "shown"


@pytest.mark.parametrize("length", [LONGEST_MESSAGE + 1, 2**20])
def test_a_message_too_long_ends_the_connection(place: Place, desk: Desk, length: int) -> None:
    draw = Draws()
    view = put(desk, draw)
    message = json.dumps({"view": view.token, "id": 1, "set": {}})
    with place.live() as socket:
        socket.send(message + " " * (length - len(message)))
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(20)
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 1009
    assert not draw.asked
    with place.live() as socket:  # the next one is welcome
        assert ask(socket, view, {})["kind"] == "shown"


@pytest.mark.parametrize(
    "token",
    ["", "x" * 24, "stage", "activations.stage", "é", "\ud800", "a" * 60_000, 7, None, [], {"a": 1}, True],
)
def test_a_token_that_was_never_given(place: Place, desk: Desk, token: Any) -> None:
    """A name is no token; the answer says that the view is gone, so that the page can wait for a new one."""
    draw = Draws()
    view = put(desk, draw)
    with place.live() as socket:
        socket.send(json.dumps({"view": token, "id": 3, "set": {"x": 1}}))
        answer = hear(socket)
        assert answer["kind"] == "error" and answer["gone"] is True
        assert not draw.asked
        assert ask(socket, view, {})["kind"] == "shown"


def test_the_figures_of_one_session_are_out_of_reach_for_another(place: Place, desk: Desk) -> None:
    mine, other, secret = put(desk, Draws()), Desk(), Draws()
    theirs = put(other, secret)
    with place.live() as socket:
        assert ask(socket, mine, {})["kind"] == "shown"
        answer = ask(socket, theirs, {})
        assert answer["kind"] == "error" and answer["gone"] is True
        assert not secret.asked
        assert ask(socket, mine, {})["kind"] == "shown"


def test_tokens_cannot_be_guessed(desk: Desk) -> None:
    views = [put(Desk(), Draws()) for _turn in range(50)]
    assert len({v.token for v in views} | {v.desk for v in views}) == 100
    assert min(len(v.token) for v in views) >= 20


@pytest.mark.parametrize("origin", ["http://evil.example", "https://127.0.0.1.evil.example", "null", "file://"])
def test_a_foreign_page_is_turned_away(place: Place, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused, place.live(origin=origin):
        pass
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("scheme", ["http", "https", None])
def test_our_own_page_and_programs_are_welcome(place: Place, desk: Desk, scheme: str | None) -> None:
    view = put(desk, Draws())
    with place.live(origin=f"{scheme}://127.0.0.1:{place.port}" if scheme else None) as socket:
        assert ask(socket, view, {})["kind"] == "shown"


# --- what goes wrong in a draw ---


def test_a_draw_that_refuses_says_why(place: Place, desk: Desk) -> None:
    def act(values: dict[str, Any]) -> None:
        if values["x"] > 5:
            raise Refused("The range of x is empty: pull its two ends apart.")

    view = put(desk, Draws(act))
    with place.live() as socket:
        answer = ask(socket, view, {"x": 6}, 2)
        assert answer == {"view": view.token, "id": 2, "kind": "error",
                          "error": "The range of x is empty: pull its two ends apart."}  # fmt: skip
        assert ask(socket, view, {"x": 5})["kind"] == "shown"


@pytest.mark.parametrize(
    "error",
    [RuntimeError("secret /etc/passwd"), KeyError("secret"), ValueError("x must be positive"), MemoryError()],
)
def test_a_draw_that_breaks_says_nothing_of_how(
    place: Place, desk: Desk, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    def act(values: dict[str, Any]) -> None:
        if values["x"] > 5:
            raise error

    view = put(desk, Draws(act))
    with place.live() as socket:
        answer = ask(socket, view, {"x": 6})
        assert answer["kind"] == "error" and answer["error"].endswith(".")
        for word in ("secret", "Traceback", "Error", "File"):
            assert word not in answer["error"]
        assert ask(socket, view, {"x": 5})["kind"] == "shown"
    assert caplog.records, "the log knows what the visitor is not told"


# --- many messages, many visitors ---


def test_of_a_thousand_messages_the_newest_is_drawn(place: Place, desk: Desk) -> None:
    draw = Draws(lambda values: time.sleep(0.02))
    view = put(desk, draw)
    with place.live() as socket:
        for i in range(1000):
            send(socket, view, {"x": round(i % 100 / 10, 1)}, i)
        answers = [hear(socket)]
        while answers[-1]["id"] != 999:
            answers.append(hear(socket))
        ids = [a["id"] for a in answers]
    assert answers[-1]["x"] == 9.9
    assert ids == sorted(set(ids)), "no picture is older than the one before it"
    assert len(draw.asked) == len(answers) < 500


def test_each_figure_of_a_burst_gets_its_newest_picture(place: Place, desk: Desk) -> None:
    views = [put(desk, Draws(), f"figure {i}") for i in range(4)]
    with place.live() as socket:
        for i in range(100):
            for view in views:
                send(socket, view, {"x": i / 10}, i)
        last: dict[str, dict[str, Any]] = {}
        while [a["id"] for a in last.values()] != [99] * 4:
            answer = hear(socket)
            last[answer["view"]] = answer
    assert {a["x"] for a in last.values()} == {9.9}


def test_a_connection_cut_in_the_middle_of_a_draw(place: Place, desk: Desk) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def act(values: dict[str, Any]) -> None:
        begun.set()
        assert go_on.wait(10)

    neighbour = Desk()
    view, other = put(desk, Draws(act)), put(neighbour, Draws())
    with place.live() as socket:
        send(socket, view, {"x": 1})
        assert begun.wait(10)
    with place.live() as socket:  # others notice nothing
        assert ask(socket, other, {})["kind"] == "shown"
    go_on.set()
    with place.live() as socket:  # and the visitor comes back
        assert ask(socket, view, {"x": 2})["x"] == 2


def test_a_slow_visitor_does_not_hold_up_the_next(place: Place, desk: Desk) -> None:
    """A visitor has one thread at a time, however many figures and messages there are."""
    go_on, at_once, most = threading.Event(), [0], [0]
    lock = threading.Lock()

    def act(values: dict[str, Any]) -> None:
        with lock:
            at_once[0] += 1
            most[0] = max(most[0], at_once[0])
        assert go_on.wait(20)
        with lock:
            at_once[0] -= 1

    slow = [put(desk, Draws(act), f"figure {i}") for i in range(4)]
    neighbour = Desk()
    quick = put(neighbour, Draws())
    with place.live() as first, place.live() as second:
        for i in range(50):
            for view in slow:
                send(first, view, {"x": 1}, i)
        for i in range(20):
            assert ask(second, quick, {"x": i / 10}, i)["id"] == i
        go_on.set()
        while hear(first)["id"] != 49:
            pass
    assert most == [1]


# --- the desk ---


def test_a_dropped_desk_frees_its_views_and_what_they_hold() -> None:
    class Photograph:
        pass

    gc.collect()
    before, desk, freed = desks.count(), Desk(), []
    photograph = Photograph()
    desk.put("stage", lambda _held=photograph, **now: Shown(0.0), {}, {}, "en")
    token = desk.views["stage"].token
    weakref.finalize(photograph, freed.append, True)
    del photograph
    assert desks.find(token) is not None and desks.count() == before + 1
    del desk
    gc.collect()
    assert desks.find(token) is None and desks.count() == before
    assert freed == [True]


def test_a_desk_on_another_page_lets_go_of_the_last(desk: Desk) -> None:
    desk.turn_to("activations")
    token = put(desk, Draws()).token
    desk.turn_to("activations")
    assert desks.find(token)
    desk.turn_to("convolution")
    gc.collect()
    assert desks.find(token) is None


def test_the_next_run_keeps_the_token(desk: Desk, place: Place) -> None:
    token = put(desk, Draws()).token
    newer = Draws()
    assert put(desk, newer).token == token
    with place.live() as socket:
        ask(socket, desk.views["stage"], {})
    assert newer.asked


def test_a_desk_is_bounded(desk: Desk) -> None:
    for i in range(MOST_VIEWS):
        put(desk, Draws(), str(i))
    put(desk, Draws(), "0")  # a known one may come again
    with pytest.raises(ValueError, match=str(MOST_VIEWS)):
        put(desk, Draws(), "one more")
    assert len(desk.views) == MOST_VIEWS


# --- plotly.min.js and the base path ---


def wheel() -> bytes:
    return (importlib.resources.files("plotly") / "package_data" / "plotly.min.js").read_bytes()


def test_plotly_is_the_one_of_the_wheel(place: Place) -> None:
    answer, raw = place.get(PLOTLY_PATH, "gzip")
    assert answer.status == 200 and answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw) == wheel() and len(raw) < len(wheel()) / 2
    assert "javascript" in answer.headers["content-type"]
    assert "max-age=31536000" in answer.headers["cache-control"] and "immutable" in answer.headers["cache-control"]
    assert answer.headers["vary"].lower() == "accept-encoding"


def test_plotly_for_those_who_cannot_unzip(place: Place) -> None:
    answer, raw = place.get(PLOTLY_PATH)
    assert raw == wheel() and "content-encoding" not in answer.headers


@pytest.mark.parametrize("configured", ["tools/x", "/tools/x/"])
def test_under_a_base_path(desk: Desk, configured: str) -> None:
    view = put(desk, Draws())
    with serving(configured) as place:
        with place.live("/tools/x/live") as socket:
            assert ask(socket, view, {})["kind"] == "shown"
        assert place.get(f"/tools/x{PLOTLY_PATH}")[0].status == 200
        assert place.get(PLOTLY_PATH)[0].status == 404
