"""The check on the letters of figures (tests/legible.py) finds what it is meant to find."""

import torch

from app.figures import palette
from app.figures.plot import Plot, layout, line
from app.figures.rods import words
from tests.legible import faint


def found(color: str, size: float = 15, **frame: object) -> set[str]:
    at = torch.zeros(1)
    drawn = Plot([words(at, at, ["text"], "xy", color=color, size=size)], layout(**frame), "")
    return {theme for theme, _text in faint(drawn.header())}


def test_letters_that_are_too_pale_are_found():
    assert found(palette.ORANGE) == {"light"}
    assert found(palette.letters(palette.ORANGE)) == set()
    assert found(palette.ORANGE, size=24) == set(), "large ones may be paler"
    assert found("#333333") == {"dark"}, "a colour without a partner in the dark"


def test_titles_and_notes_are_looked_at():
    pale = {"color": palette.SKY, "size": 14}
    assert found(palette.INK, xaxis={"title": {"text": "x", "font": pale}}) == {"light"}
    assert found(palette.INK, annotations=[{"text": "note", "font": pale}]) == {"light"}
    lines = Plot([line(torch.arange(2), torch.arange(2), "", palette.SKY)], layout(), "")
    assert not faint(lines.header()), "a line is no letter"
