"""A full house tells newcomers so and keeps those who are in; numbers, limits of uploads, the list of dependencies."""

import gc
import json
import re
from types import SimpleNamespace
from typing import Any
from weakref import WeakSet

import pytest
from starlette.responses import PlainTextResponse
from streamlit.testing.v1 import AppTest

from app import limits, room
from app.addresses import KnownAddresses
from tests.app.loops import awaited
from tests.app.test_ways_in import answered
from tools.server import ROOT


def test_a_newcomer_to_a_full_house_waits_and_whoever_is_in_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "full", lambda: True)
    screen = AppTest.from_file(ROOT / "app" / "main.py", default_timeout=30).run()
    assert "full" in screen.info[0].value and not screen.exception
    assert not screen.get("bidi_component") and not screen.title

    monkeypatch.setattr(room, "full", lambda: False)
    screen.button[0].click().run()
    assert not screen.info and len(screen.main) > 3
    monkeypatch.setattr(room, "full", lambda: True)
    screen.run()
    assert not screen.info, "who is in stays in"


def test_the_house_is_full_by_visitors_or_by_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_taken", WeakSet())
    monkeypatch.setattr(room, "most_visitors", lambda: 2)
    first, second = room.admit(), room.admit()
    assert first and second and room.admit() is None and room.admit() is None
    del first
    gc.collect()
    assert room.admit() is not None, "those who waited took no place"
    monkeypatch.setattr(room, "most_visitors", lambda: 400)
    monkeypatch.setattr(room, "memory", lambda: room.most_memory() + 1)
    few = [room.admit() for _ in range(room.FEW + 2)]
    assert sum(place is not None for place in few) + 1 == room.FEW, "with few inside, memory keeps nobody out"


@pytest.mark.parametrize("wrong", ["many", "-1", "0", "0.5", "nan", "inf"])
def test_a_setting_that_is_no_number_is_told(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    monkeypatch.setenv("LIGHTBOARD_VISITORS", wrong)
    with pytest.raises(ValueError, match=r"LIGHTBOARD_VISITORS has to be a number from 1 on"):
        room._number("LIGHTBOARD_VISITORS", 400)


def test_numbers_and_health_are_told_under_the_base_path() -> None:
    routes = {route.path: route for route in room.room_routes("tools/board")}  # type: ignore[attr-defined]
    found = awaited(answered(routes["/tools/board/metrics"].app, "/tools/board/metrics"))  # type: ignore[attr-defined]
    names = set(re.findall(r"^(\w+) [\d.e+]+$", found[1]["body"].decode(), re.M))
    assert {"lightboard_sessions", "lightboard_live_connections", "lightboard_live_waiting", "lightboard_jobs_running",
            "lightboard_live_seconds_count", "process_resident_memory_bytes"} <= names  # fmt: skip
    found = awaited(answered(routes["/tools/board/health"].app, "/tools/board/health"))  # type: ignore[attr-defined]
    assert found[0]["status"] == 200 and json.loads(found[1]["body"])["status"] in ("ok", "full")
    for path in routes:  # a browser that asks for them is not sent home
        assert awaited(answered(KnownAddresses(PlainTextResponse("it"), "tools/board"), path))[0]["status"] == 200


@pytest.mark.parametrize(
    ("held", "status"),
    [({}, 200), ({"me": limits.MOST_FILES}, 429), ({"others": limits.MOST_FILES}, 200),
     ({str(i): 4 for i in range(9)}, 503)],
)  # fmt: skip
def test_uploads_are_counted(monkeypatch: pytest.MonkeyPatch, held: dict[str, int], status: int) -> None:
    file = SimpleNamespace(data=bytes(8 * 2**20))
    files = {session: {str(i): file for i in range(n)} for session, n in held.items()}
    runtime: Any = SimpleNamespace(uploaded_file_mgr=SimpleNamespace(file_storage=files))
    monkeypatch.setattr(limits.runtime, "exists", lambda: True)
    monkeypatch.setattr(limits.runtime, "get_instance", lambda: runtime)
    app = limits.Limits(PlainTextResponse("taken"))
    found = awaited(answered(app, "/board/_stcore/upload_file/me/new", method="PUT"))
    assert found[0]["status"] == status
    assert awaited(answered(app, "/_stcore/upload_file/me/new", method="DELETE"))[0]["status"] == 200


def test_every_requirement_is_pinned_and_named_with_its_licence() -> None:
    told = (ROOT / "deploy" / "DEPENDENCIES.md").read_text(encoding="utf-8")
    for name in ("requirements.txt", "requirements-dev.txt"):
        for package, version in re.findall(r"(?m)^([\w-]+)==([\w.]+)$", (ROOT / name).read_text()):
            row = rf"(?m)^\| \[?{re.escape(package.lower())}(\]\(\S+\))? \| {re.escape(version)} \| \w.* \|$"
            assert re.search(row, told), f"{package} {version}: make audit"
