"""Pooling: presets show what their names say; small and narrow pictures are pooled, or refused in a sentence."""

import contextlib
import io
import re

import pytest
import torch

from app import images
from tests.pages.screen import choose, figures, open_page, rows


def view(address: str, name: str = "stage", preset: str = ""):
    screen = open_page(address)
    screen = choose(screen, address, preset) if preset else screen
    return screen.session_state["_live.desk"].views[f"{address}.{name}"]


def said(alt: str, unit: str) -> dict[str, float]:
    """«Max · 13.2 dB, Average · …» or «Max: 12 %, …»: the numbers by their names."""
    found = re.findall(rf"([^,:.]+?)(?: ·|:) ([\d.]+|∞) {unit}", alt)
    return {name.strip(): float(value.replace("∞", "inf")) for name, value in found}


# --- pictures ---


def test_no_single_value_errs_less_than_the_mean() -> None:
    for preset in ("", "stars", "board"):
        found = said(view("pooling", preset=preset).answer({}).alt.partition("PSNR")[2], "dB")
        assert max(found, key=found.get) == "Average" and len(found) == 5, found


def test_one_pixel_for_each_window_loses_nothing() -> None:
    alt = view("pooling").answer({"kernel": 1}).alt
    assert "Max · ∞ dB" in alt and "inf" not in alt
    screen = open_page("pooling-up", {"pooling-up.source": "stripes", "pooling-up.frequency": "0"})
    assert "Nearest · ∞ dB" in figures(screen)["pooling-up.stage"]["alt"]


def test_none_brings_a_fine_board_back() -> None:
    found = said(view("pooling-up", preset="board").answer({}).alt.partition("brought up")[2], "dB")
    assert {"Nearest", "Max-unpooling"} <= found.keys() and max(found.values()) < 7


# --- shift ---


def test_shifts_do_what_their_names_say() -> None:
    first = said(view("pooling-shift").answer({}).alt, "%")
    assert first["Max"] > 20 and first["BlurPool"] < 5
    assert set(said(view("pooling-shift", preset="whole").answer({}).alt, "%").values()) == {0}
    assert max(said(view("pooling-shift", preset="coarse").answer({}).alt, "%").values()) <= 5


@pytest.mark.parametrize("kernel", range(2, 9))
def test_a_whole_stride_is_nothing_but_a_move(kernel: int) -> None:
    stage = view("pooling-shift", preset="part")
    found = said(stage.answer({"kernel": kernel, "dx": float(kernel), "dy": float(kernel)}).alt, "%")
    assert len(found) == 4 and set(found.values()) == {0}
    assert max(said(stage.answer({"kernel": kernel, "dx": 0.5}).alt, "%").values()) > 0


def test_one_grey_does_not_change() -> None:
    stage = view("pooling-shift")
    assert set(said(stage.answer({"frequency": 0.0}).alt, "%").values()) == {0}


# --- cascade ---


def brightness(preset: str, name: str) -> list[float]:
    """The mean of each layer that is small enough to be read under the pointer."""
    screen = open_page("pooling-cascade")
    screen = choose(screen, "pooling-cascade", preset) if preset else screen
    screen.selectbox(key="pooling-cascade.picture").select("photographer").run()
    panels = screen.session_state["_live.desk"].views[f"pooling-cascade.{name}"].answer({"layers": 5}).panels
    return [panel.values.mean().item() for panel in panels if panel.values is not None]


def test_max_grows_brighter_min_darker_and_the_mean_stays() -> None:
    brighter, same, darker = (
        brightness("bright", "stage"),
        brightness("bright", "other"),
        brightness("dark", "stage"),
    )
    assert brighter == sorted(brighter) and brighter[-1] > brighter[0] + 0.05
    assert darker == sorted(darker, reverse=True) and darker[-1] < darker[0] - 0.05
    assert same == pytest.approx([same[0]] * len(same), abs=0.01)


def test_too_many_layers_are_one_sentence_everywhere() -> None:
    screen = open_page("pooling-cascade", {"pooling-cascade.layers": "8", "pooling-cascade.code": "true"})
    assert not screen.exception
    assert {w.value for w in (*screen.warning, *screen.info)} == {
        "After 7 layers the picture is too small for another one, or no longer shrinks."
    }


# --- one's own pictures ---

PAGES = ["pooling", "pooling-gradient", "pooling-up", "pooling-cascade", "pooling-shift", "pooling-regions"]


@pytest.mark.parametrize("size", [(20, 20), (8, 640), (640, 8)], ids=str)
@pytest.mark.parametrize("address", PAGES)
def test_small_and_narrow_pictures(address: str, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawn, or refused in a sentence; never a stumble."""
    photo = images.Photo("own", torch.rand(3, *size, generator=torch.Generator().manual_seed(2)))
    monkeypatch.setattr(images, "photograph", lambda name: photo)
    link = {f"{address}.picture": "cat", f"{address}.code": "true"}
    if address == "pooling-shift":
        link["pooling-shift.source"] = "photo"
    for kernel in ("2", "8"):
        screen = open_page(address, link | {f"{address}.kernel": kernel})
        assert not screen.exception
        told = " ".join(w.value for w in (*screen.warning, *screen.info))
        assert "stumbled" not in told and "28" not in told, told
        assert figures(screen) or "layers" in told  # a cascade of five does not fit into 8 pixels
    if address in ("pooling-gradient", "pooling-up"):
        assert len(rows(figures(screen)[f"{address}.numbers"])) > 2


# --- the code ---


def printed(screen) -> str:
    """What the script of the page says."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(screen.code[-1].value, "script", "exec"), {"__name__": "script"})
    return out.getvalue()


def test_scripts_work_on_the_picture_of_the_page() -> None:
    """Not on another one in its place: what they print stands in the figures."""
    link = {"pooling.picture": "digit", "pooling.kernel": "3", "pooling.q": "1", "pooling.code": "true"}
    screen = open_page("pooling", link)
    shown = said(figures(screen)["pooling.stage"]["alt"].partition("PSNR")[2], "dB")
    lines = printed(screen)
    script = dict(re.findall(r"'(\w+)': ([\d.]+)", lines.splitlines()[-1]))
    assert len(script) == len(shown) == 5
    assert [round(float(v), 1) for v in script.values()] == list(shown.values())

    link = {"pooling-shift.source": "photo", "pooling-shift.kernel": "8", "pooling-shift.dx": "4",
            "pooling-shift.code": "true"}  # fmt: skip
    screen = open_page("pooling-shift", link)
    shown = said(figures(screen)["pooling-shift.stage"]["alt"], "%")
    script = dict(re.findall(r"'(\w+)': \[([\d.]+)\]", printed(screen)))
    assert len(script) == 4
    assert [100 * float(v) for v in script.values()] == pytest.approx(list(shown.values()), abs=0.6)
