"""Every way in, fuzzed: an address, what a link hides, an upload, a drawing, numbers typed and painted, a pasted
pipeline, a message on the live road, our routes; formulas in tests/core/test_formula.py.

Whatever comes in, the answer is a value that its control allows, or one sentence without a path in it.
"""

import io
import json
import re
import warnings
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse

from app import images, metrics, room, sharing, sliding
from app.addresses import KnownAddresses
from app.augment import pipeline
from app.controls import _read
from app.convolution import filters
from app.domains import Domain, Options, Pair, Refused, Span, Strokes, Subset, Text
from app.headers import SecurityHeaders, allowed
from app.limits import LONGEST_ADDRESS, Limits
from app.live.desk import Desk
from app.live.socket import LONGEST_MESSAGE, PLOTLY_PATH, Visitor, _same_origin, live_routes
from tests.app.loops import awaited
from tools.visitor import unpack

few = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.integers(10**300, 10**320) | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
DOMAINS: dict[str, Domain] = {
    "x": Span(-10.0, 10.0, 0.1), "n": Span(1, 8, 1, whole=True), "span": Pair(Span(-10.0, 10.0, 0.5)),
    "lr": Options((0.001, 0.01)), "of": Subset(("a", "b")), "text": Text(9),
    "pen": Strokes()}  # fmt: skip


def is_a_sentence(text: str) -> bool:
    return (
        text.endswith(".") and len(text) < 400 and not re.search(r"Traceback|\.py\b|/work/|/home/|site-packages", text)
    )


async def answered(app: Any, path: str, query: bytes = b"", **more: Any) -> list[dict[str, Any]]:
    """What an ASGI app sends for a request."""
    scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": query,
             "headers": [(b"accept", b"text/html"), (b"host", b"board.test")]} | more  # fmt: skip
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b""}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent


# --- an address ---


@few
@given(st.text("/\\.:?#%@ abé\r\n\0", max_size=40).map("/".__add__), st.binary(max_size=20))
@example("//evil.example", b"")
@example("/\\evil.example", b"lang=//evil")
@example("/a\r\nSet-Cookie: x=1", b"lang=%0d%0aX: 1")
def test_a_wrong_address_leads_home_and_nowhere_else(path: str, query: bytes) -> None:
    app = KnownAddresses(PlainTextResponse("page"), "")
    start = awaited(answered(app, path, query))[0]
    if start["status"] != 200:
        (place,) = [value for name, value in start["headers"] if name == b"location"]
        assert start["status"] == 307 and place.startswith(b"/?missing=") and len(place) < 700
        assert not re.search(rb"[\r\n\\]", place)


@few
@given(st.lists(st.text(max_size=12), max_size=4), st.sampled_from(["lr", "of"]))
def test_what_stands_in_a_link_is_a_choice_or_the_default(texts: list[str], name: str) -> None:
    domain = DOMAINS[name]
    assert isinstance(domain, Options | Subset)
    default = ["a"] if name == "of" else 0.01
    value = _read(texts, domain, default)
    assert domain.check(value) == value


def test_an_address_too_long_is_refused() -> None:
    app = Limits(PlainTextResponse("page"))
    for query, status in ((b"a" * (LONGEST_ADDRESS - 10), 200), (b"a" * LONGEST_ADDRESS, 414)):
        assert awaited(answered(app, "/", query))[0]["status"] == status


@few
@given(st.text(max_size=40) | st.text("{}<>/*;:,.#[]()'\"\\abc_-é\0\n", max_size=40))
@example("</style><script>alert(1)</script>")
@example("a{}b:has(x),title,presets")
def test_what_a_link_hides_is_names_and_no_style_of_its_own(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sharing.st, "query_params", {"hide": text, "only": text, "present": text})
        patch.setattr(sharing.st, "session_state", {})
        names, made = sharing.asked("hide"), sharing.style("gan")
    assert all(re.fullmatch(r"[a-zA-Z0-9_]+", name) for name in names)
    assert made.count("{") == made.count("}") and not re.search(r"[<>\\@]|//", made)
    assert all(f".st-key-gan-{name}" in made for name in names if name not in sharing.PARTS)


# --- an upload ---


def _encoded(form: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (24, 40, 3), dtype=np.uint8)).save(file, form)
    return file.getvalue()


FILES = {form: _encoded(form) for form in images.FORMATS}


@few
@given(st.sampled_from(sorted(FILES)), st.data())
def test_a_broken_picture_is_a_picture_or_a_sentence(form: str, data: st.DataObject) -> None:
    broken = bytearray(FILES[form])
    for _i in range(data.draw(st.integers(0, 6))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(1, len(broken)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = images.read(bytes(broken[:cut]))
            assert found.shape[0] == 3 and max(found.shape) <= images.LONGEST and found.isfinite().all()
        except Refused as why:
            assert is_a_sentence(str(why))


# --- numbers typed, and painted on a grid ---


@few
@given(st.text("0123456789.-+e,; \n\0infa_٣²", max_size=60))
@example(",")
@example("1e400")
@example("nan inf")
@example("1 " * 1000)
def test_typed_weights_are_a_kernel_or_a_sentence(text: str) -> None:
    try:
        w = filters.weights({"kernel": "own", "weights": text})
        assert w.isfinite().all() and max(w.shape) <= 11
    except Refused as why:
        assert is_a_sentence(str(why))


@few
@given(st.text("0123456789.٣²x\0", max_size=272), st.integers(1, sliding.MOST))
def test_a_painted_text_is_a_grid_or_a_sentence(text: str, n: int) -> None:
    try:
        x = sliding.picture("drawn", n, 0, text)
        assert x.shape == (n, n) and 0 <= float(x.min()) <= float(x.max()) <= 9
    except Refused as why:
        assert is_a_sentence(str(why))


# --- a pasted pipeline ---


@few
@given(json_values)
@example({"__class_fullname__": "Compose", "p": 10**400, "transforms": [{}]})
@example({"__class_fullname__": "SomeOf", "n": 1e308, "transforms": [{"__class_fullname__": "HorizontalFlip"}]})
@example({"__class_fullname__": "Rotate", "limit": [[[]]], "p": True})
@example({"__class_fullname__": ["Compose"], "transforms": {"a": 1}})
def test_a_pasted_mapping_is_a_pipeline_or_a_sentence(inner: Any) -> None:
    _pasted(json.dumps({"transform": inner}))


@few
@given(st.text("!&*-:[]{}#|>%@`\"'<= \nboltimesp0159.", max_size=60))
@example("!!bool x")
@example("!!timestamp x")
@example("!!float ''")
@example("!!python/object/apply:os.system [ls]")
@example("[" * 10_000)
@example("{transform: {p: !!int 'x'}}")
@example("1:" * 3000)
@example("9" * 19_000)
def test_a_pasted_text_is_a_pipeline_or_a_sentence(text: str) -> None:
    _pasted(text)


def _pasted(text: str) -> None:
    try:
        assert pipeline.read(text).name == "Compose"
    except Refused as why:
        assert is_a_sentence(str(why))


# --- the live road ---


class Socket:
    """Keeps what it is given to send."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    async def send_bytes(self, frame: bytes) -> None:
        self.sent.append(unpack(frame)[0])

    async def close(self, code: int, reason: str) -> None:
        self.sent.append({"error": f"{reason}."})


@few
@given(st.sampled_from(sorted(DOMAINS)), json_values, json_values, json_values)
def test_a_message_sets_what_its_control_allows(name: str, value: Any, after: Any, told: Any) -> None:
    values = {"x": 0.0, "n": 2, "span": (-6.0, 6.0), "lr": 0.01, "of": ["a"], "text": "", "pen": ""}
    view = Desk().put("stage", lambda **now: now, values, DOMAINS, "en")  # type: ignore[arg-type]
    try:
        checked: Any = view.answer({name: value})
        assert DOMAINS[name].check(checked[name]) == checked[name]
    except Refused as why:
        assert is_a_sentence(str(why))
    messages = [{"view": view.token, "id": 1, "set": {name: value}, "after": after, "do": told},
                {"view": value, "id": after, "set": told}, value]  # fmt: skip
    for text in map(json.dumps, messages):
        socket = Socket()
        assert awaited(Visitor(socket).hear(text)) in (True, False)  # type: ignore[arg-type]
        assert all(is_a_sentence(answer["error"]) for answer in socket.sent)


@few
@given(st.text(max_size=80) | st.binary(max_size=80))
@example("[" * 60_000)
@example("9" * 60_000)
@example('{"view": "x", "id": 1e999, "set": {}}')
@example('{"view": "x", "set": {}, "after": NaN}')
@example("x" * (LONGEST_MESSAGE + 1))
def test_what_is_no_message_is_told_so(text: str | bytes) -> None:
    socket = Socket()
    stays = awaited(Visitor(socket).hear(text))  # type: ignore[arg-type]
    assert stays == (len(text) <= LONGEST_MESSAGE)
    assert len(socket.sent) == 1 and is_a_sentence(socket.sent[0]["error"])


@few
@given(st.sampled_from(["", "evil.", "me@", "x:y@"]), st.text("./:@#?\\ae0[]\0", max_size=8))
@example("", "")
@example("", ".evil.example")
@example("", "@evil.example")
def test_only_our_own_pages_open_the_live_road(before: str, after: str) -> None:
    origin = f"https://{before}board.test{after}"
    asked = SimpleNamespace(headers=Headers({"origin": origin, "host": "board.test"}))
    ours = re.fullmatch(r"https://board\.test([/?#].*)?", origin) is not None
    assert _same_origin(asked) == ours  # type: ignore[arg-type]


# --- our routes ---


@few
@given(
    st.sampled_from(["/metrics", "/health", PLOTLY_PATH, "/live"]),
    st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "X"]),
    st.binary(max_size=40),
    st.lists(st.tuples(st.binary(min_size=1, max_size=12), st.binary(max_size=40)), max_size=4),
)
def test_our_routes_answer_whatever_is_asked(
    path: str, method: str, query: bytes, headers: list[tuple[bytes, bytes]]
) -> None:
    app = Starlette(routes=[*live_routes(), *room.room_routes("")])
    start, *rest = awaited(answered(app, path, query, method=method, headers=headers))
    assert start["status"] == (404 if path == "/live" else 200 if method in ("GET", "HEAD") else 405)
    assert not any(b"Traceback" in message.get("body", b"")[:2000] for message in rest)


# --- what goes out ---


def test_the_headers_allow_only_ourselves() -> None:
    app = SecurityHeaders(PlainTextResponse("page"), allowed("https://lms.example.org, *.example.edu"))
    headers = dict(awaited(answered(app, "/"))[0]["headers"])
    policy = dict(part.split(" ", 1) for part in headers[b"content-security-policy"].decode().split("; "))
    assert policy["default-src"] == "'self'" and policy["object-src"] == "'none'"
    assert "unsafe" not in policy["script-src"] and "sha256-" in policy["script-src"]
    assert policy["frame-ancestors"] == "'self' https://lms.example.org *.example.edu"
    sources = {source for sources in policy.values() for source in sources.split()} - {"https://lms.example.org"}
    assert not any("//" in source and "board.test" not in source for source in sources)
    assert headers[b"x-content-type-options"] == b"nosniff"


@given(st.text("abc127.0:;'* \r\n[]", max_size=24))
@example("evil; script-src *")
@example("evil\r\nX: 1")
@example("a b")
def test_a_host_cannot_write_into_the_policy(host: str) -> None:
    policy = SecurityHeaders(PlainTextResponse("")).headers(host)["Content-Security-Policy"]
    assert policy.count(";") == 11 and "*" not in policy and "\n" not in policy
    assert ("unsafe-eval" in policy) <= host.startswith(("localhost", "127.0.0.1", "[::1]"))


@pytest.mark.parametrize("wrong", ["https://a b;c", "'none'; script-src", "javascript:alert(1)", "a\nb;"])
def test_an_embedder_that_is_no_site_ends_the_start(wrong: str) -> None:
    with pytest.raises(ValueError, match="LIGHTBOARD_EMBED"):
        allowed(wrong)
    assert allowed("*") is None and allowed("") == ()


def test_metrics_add_up() -> None:
    times = metrics.Histogram("test_seconds", "A test.", (0.1, 1.0))
    for value in (0.05, 0.1, 0.5, 7.0):
        times.see(value)
    found = dict(re.findall(r'^test_seconds_(?:bucket\{le=")?([\w.+]+)(?:"\})? (\S+)$', metrics.text(), re.M))
    assert found == {"0.1": "2", "1": "3", "+Inf": "4", "sum": "7.65", "count": "4"}
    del metrics._families["test_seconds"]
