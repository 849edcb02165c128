"""A pen on a page: what the figure is told, what /live draws, and what it refuses."""

import json

import pytest
from streamlit.testing.v1 import AppTest

from app.domains import Refused
from core import strokes


def page(missing: bool = False) -> None:
    from app.figures.picture import Picture, panel
    from app.lab import Lab
    from app.live.component import Pen
    from core import strokes

    lab = Lab("trial")
    lab.pen("ink", ".AAA___")

    def paper(ink: str) -> Picture:
        return Picture([panel("", strokes.raster(strokes.unpack(ink, (0, 0, 28, 28))))], ink)

    lab.live(paper, pen=Pen("other" if missing else "ink", paper=(0, 0, 28, 28)))


def test_a_figure_follows_the_pen_and_refuses_junk() -> None:
    screen = AppTest.from_function(page, default_timeout=30).run()
    assert not screen.exception
    frame = screen.get("bidi_component")[0].proto.bytes
    header = json.loads(frame[4 : 4 + int.from_bytes(frame[:4], "little")])
    assert (header["pen"]["name"], header["pen"]["paper"]) == ("ink", [0, 0, 28, 28])
    assert (header["values"], header["watch"]) == ({"ink": ".AAA___"}, {})
    (view,) = screen.session_state["_live.desk"].views.values()
    (seen,) = view.answer({"ink": ".AAA"}).panels
    assert seen.values.equal(strokes.raster(strokes.unpack(".AAA", (0, 0, 28, 28))))
    for junk in ("AAA", ".AA", ".AAA" * 376, 5, None, [".AAA"]):
        with pytest.raises(Refused):
            view.answer({"ink": junk})


def test_a_pen_for_what_the_figure_does_not_draw_is_a_mistake(caplog) -> None:
    screen = AppTest.from_function(page, default_timeout=30, kwargs={"missing": True}).run()
    assert screen.exception
    assert "has a pen for 'other'" in caplog.text
