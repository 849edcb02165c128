"""What a link may take away from a page, and the links that a page gives out."""

import re
from urllib.parse import parse_qs, urlsplit

import cv2
import numpy as np
import pytest

from app import sharing
from app.lab import Preset
from tests.pages.screen import figures, open_page, presets, trouble, values


def test_one_figure_alone():
    screen = open_page("optimizers", {"only": "progress"})
    assert trouble(screen) == []
    assert list(figures(screen)) == ["optimizers.progress"]
    assert values(screen)


def test_a_figure_that_is_not_there_leaves_the_page_whole():
    screen = open_page("optimizers", {"only": "nonsense"})
    assert trouble(screen) == []
    assert {"optimizers.stage", "optimizers.progress"} <= figures(screen).keys()
    assert "display: none !important" not in style_of(screen)


def test_a_menu_has_no_formulas():
    assert [sharing.written_out(label) for label in ("$\\beta_1$", "PReLU: $a$", "$v - \\bar g^2$")] == [
        "β₁", "PReLU: a", "v - g²"]  # fmt: skip


def style_of(screen) -> str:
    return " ".join(e.proto.body for e in screen.get("html"))


@pytest.mark.parametrize(
    "junk",
    ["</style><script>alert(1)</script>", "💥" * 300, ".st-key-lab-stage{}", ""],
    ids=["script", "long", "rule", "nothing"],
)
def test_rubbish_takes_nothing_away(junk):
    screen = open_page("optimizers", {"hide": junk, "only": "💥" if junk else "", "present": junk})
    assert trouble(screen) == []
    assert "<script" not in style_of(screen) and ".st-key-lab-stage{}" not in style_of(screen)
    assert "optimizers.stage" in figures(screen)


def test_hidden_controls_keep_their_values():
    plain = open_page("optimizers", {"optimizers.steps": "77"})
    screen = open_page("optimizers", {"optimizers.steps": "77", "hide": "steps,presets"})
    assert values(screen) == values(plain)
    assert ".st-key-optimizers-steps" in style_of(screen) and ".st-key-lab-presets" in style_of(screen)


def test_presenting_turns_the_presets_by_keys():
    screen = open_page("optimizers", {"present": "on"})
    assert "[data-testid=stSidebar]" in style_of(screen)
    first, second = presets("optimizers")[:2]
    for expected in (first, second):
        screen.button(key="optimizers.PageDown").click().run()
        assert screen.pills[0].value == expected
    screen.button(key="optimizers.PageUp").click().run()
    assert screen.pills[0].value == first
    screen.button(key="frame-present").click().run()
    assert "[data-testid=stSidebar]" not in style_of(screen)
    assert "present" not in screen.query_params


def test_the_code_says_the_link():
    """Read back by OpenCV."""
    text = "https://example.org/optimizers?optimizers.steps=77&optimizers.rules=adam"
    shown = re.findall(r'(?:fill|stroke)="(#\w+)"', sharing.qr(text))
    assert shown == ["#fff", "#000"], "dark on white, in either theme"
    squares = np.kron(np.array(sharing.code(text).matrix), np.ones((6, 6)))
    picture = np.pad(np.where(squares, 0, 255).astype(np.uint8), 24, constant_values=255)
    said, _corners, _straight = cv2.QRCodeDetector().detectAndDecode(picture)
    assert said == text


def test_the_lecture_script_opens_its_presets(monkeypatch):
    monkeypatch.setattr(sharing.st, "context", type("Context", (), {"url": "https://host/base/optimizers"}))
    made = sharing.lecture("optimizers", {"a": Preset("A", {"steps": 5, "rules": ["gd", "adam"], "lr": 0.1})})
    title, url = re.fullmatch(r"1\. \[(.*)\]\((.*)\)\n", made).groups()
    parts = urlsplit(url)
    assert title == "A" and parts.path == "/base/optimizers"
    assert parse_qs(parts.query) == {
        "optimizers.steps": ["5"],
        "optimizers.rules": ["gd", "adam"],
        "optimizers.lr": ["0.1"],
    }
