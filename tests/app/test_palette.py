"""Every colour can be told from the paper it lies on, in both themes."""

import tomllib

import pytest

from app.figures import palette
from tests.legible import contrast, in_theme
from tools.server import ROOT

LINES = ("ACCENT", "MUTED", "BLUE", "ORANGE", "GREEN", "RED", "PINK", "SKY", "OLIVE", "VIOLET", "BROWN")
LETTERS = {palette.letters(c) for c in map(vars(palette).get, LINES) if palette.letters(c) != c}
THEME = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"]
each_theme = pytest.mark.parametrize(("theme", "paper"), [*zip(("light", "dark"), palette.PAPER, strict=True)])


def test_contrast_is_that_of_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@each_theme
@pytest.mark.parametrize("name", LINES)
def test_every_colour_stands_out(theme, paper, name):
    assert contrast(in_theme(getattr(palette, name), theme), paper) >= 3


@each_theme
@pytest.mark.parametrize("name", LINES)
def test_letters_of_every_colour_are_easy_to_read(theme, paper, name):
    letters = in_theme(palette.letters(getattr(palette, name)), theme)
    assert contrast(letters, paper) >= 4.5
    assert theme == "light" or letters == in_theme(getattr(palette, name), theme)


@each_theme
def test_ink_is_easy_to_read(theme, paper):
    assert contrast(in_theme(palette.INK, theme), paper) >= 7
    assert contrast(in_theme(palette.MUTED, theme), paper) >= 4.5


@each_theme
def test_the_page_and_its_figures_agree(theme, paper):
    page = THEME[theme]
    assert page["backgroundColor"] == paper
    assert page["primaryColor"] == in_theme(palette.ACCENT, theme)
    assert page["textColor"] == in_theme(palette.INK, theme)
    assert page["chartCategoricalColors"] == [in_theme(c, theme) for c in
                                              (palette.BLUE, palette.ORANGE, palette.GREEN, palette.RED,
                                               palette.PINK, palette.SKY, palette.OLIVE)]  # fmt: skip


def test_every_colour_has_a_partner_of_its_own_in_the_dark():
    lights = [value for name, value in vars(palette).items() if name.isupper() and isinstance(value, str)]
    assert {color[:7] for color in lights} <= palette.DARK.keys()
    partners = [dark for light, dark in palette.DARK.items() if light not in LETTERS]
    assert len(set(partners)) == len(partners)


def test_members_of_a_family_look_different():
    assert len({palette.style(i) for i in range(28)}) == 28
