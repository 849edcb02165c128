"""Channels, receptive field, a real network, learning a kernel: every preset shows what its name says."""

import pytest

from app.convolution.networks import STROKES
from app.domains import Refused
from tests.pages.screen import choose, figures, open_page, rows


def table(address: str, preset: str = "", link: dict | None = None) -> list[dict[str, str]]:
    screen = open_page(address, link)
    screen = choose(screen, address, preset) if preset else screen
    head, *lines = rows(figures(screen)[f"{address}.numbers"])
    return [dict(zip(head, line, strict=True)) for line in lines]


def probability(alt: str) -> float:
    return float(alt.rsplit(" ", 1)[1].rstrip("."))


def view(screen, name: str):
    return screen.session_state["_live.desk"].views[name]


# --- channels ---


def test_groups_that_do_not_divide_are_explained_and_those_that_do_are_named() -> None:
    stage = view(open_page("convolution-channels"), "convolution-channels.stage")
    assert "4 groups: each output sees 4 of 16 inputs" in stage.answer({"groups": 4}).alt
    assert stage.domains["groups"].values == (1, 2, 4, 8, 16)
    with pytest.raises(Refused, match="these do: 1, 3"):
        stage.answer({"c_in": 9, "c_out": 12})
    screen = open_page("convolution-channels", {"convolution-channels.groups": "3"})
    assert all("these do: 1, 2, 4, 8, 16" in w.value for w in screen.warning) and screen.warning
    assert not screen.exception


SAVED = [
    ("depthwise", 1, 1 / 16),
    ("resnext", 1, 1 / 32),
    ("mobilenet", 4, 1 / 128 + 1 / 9),
    ("few", 4, 1 + 1 / 9),
]


@pytest.mark.parametrize(("preset", "row", "share"), SAVED)
def test_what_is_saved(preset: str, row: int, share: float) -> None:
    found = table("convolution-channels", preset)[row]
    assert float(found["share of the standard"]) == pytest.approx(share, abs=1e-4)


# --- receptive field ---


@pytest.mark.parametrize(("preset", "field"), [
    ("five", 11), ("one", 11), ("dilated", 31), ("grid", 25), ("deep", 49), ("vgg", 16)])  # fmt: skip
def test_presets_see_as_far_as_they_say(preset: str, field: int) -> None:
    assert table("convolution-field", preset)[-1]["field"] == str(field)


def test_the_deep_stack_looks_at_the_middle() -> None:
    address = "convolution-field"
    stage = view(choose(open_page(address), address, "deep"), f"{address}.stage")
    half = int(stage.answer({}).alt.rsplit("×", 1)[1].rstrip(" ."))
    assert half <= 49 / 3


def test_a_kernel_that_does_not_fit_is_one_sentence() -> None:
    link = {f"convolution-field.{k}": v for k, v in {"size": "16", "padded": "false", "k1": "11", "k2": "11"}.items()}
    screen = open_page("convolution-field", link)
    assert {w.value for w in screen.warning} == {
        "The kernel of layer 2 reaches over 11 pixels, but its input has only 6."
    }
    both = open_page("convolution-field", {"convolution-field.max": "2", "convolution-field.average": "2"})
    assert "cannot pool in both ways" in both.warning[0].value


# --- a real network ---


@pytest.mark.parametrize("digit", STROKES)
def test_a_stroke_is_read_as_what_it_is_while_it_is_dragged(digit: str) -> None:
    """From the 7 of the page, all points at once; the live road answers."""
    stage = view(open_page("convolution-network"), "convolution-network.stage")
    points = {f"p{i}_{a}": float(v) for i, p in enumerate(STROKES[digit], 1) for a, v in zip("xy", p, strict=True)}
    alt = stage.answer(points).alt
    assert f"answers {digit}," in alt and probability(alt) > 0.9


def test_presets_of_the_network() -> None:
    address = "convolution-network"

    def told(preset: str) -> tuple[str, str]:
        header = figures(choose(open_page(address), address, preset))[f"{address}.stage"]
        ticks = header["figure"]["layout"]["yaxis3"]["ticktext"]
        return header["alt"], next((t for t in ticks if "✓" in t), "")

    alt, true = told("wrong")
    assert "answers 1," in alt and probability(alt) > 0.99 and "7" in true
    alt, true = told("shirt")
    assert "answers shirt" in alt and "coat" in true
    alt, true = told("strange")
    assert probability(alt) > 0.9 and true == ""


# --- learning a kernel ---


@pytest.mark.parametrize(("preset", "holds"), [
    ("photo", lambda now: now["largest gap"] > 0.5),
    ("noise", lambda now: now["largest gap"] < 0.05),
    ("momentum", lambda now: now["largest gap"] < 0.1),
    ("fast", lambda now: now["loss"] > 100),
    ("small", lambda now: now["smallest loss possible"] > 1e-5),
    ("stripes", lambda now: now["loss"] < 1e-6 and now["largest gap"] > 0.5),
    ("edges", lambda now: now["smallest loss possible"] > 0.1),
])  # fmt: skip
def test_a_lesson_teaches_what_it_says(preset: str, holds) -> None:
    (now,) = table("convolution-learn", preset)
    assert holds({name: float(v.replace("∞", "inf")) for name, v in now.items()}), now


def test_a_typed_kernel_is_learnt_or_refused() -> None:
    own = {
        "convolution-learn.hidden": "own",
        "convolution-learn.source": "noise",
        "convolution-learn.step": "300",
    }
    (now,) = table("convolution-learn", link=own | {"convolution-learn.typed": "0 2 0; 0 0 0; 0 -2 0"})
    assert float(now["largest gap"]) < 1e-3
    for wrong in ("1 2; 3", "1 2; 3 4", "a", ""):
        screen = open_page("convolution-learn", own | {"convolution-learn.typed": wrong or " "})
        assert not screen.exception
        assert screen.warning and all("A hidden kernel has" in w.value for w in screen.warning)
