"""What every page owes its visitors. A page that enters the catalog is under these tests at once."""

import ast
import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import plotly.graph_objects as go
import pytest
from streamlit.testing.v1 import AppTest

from app import catalog
from app.domains import Domain, Pair, Refused, Span, Strokes, Subset, Text
from app.figures.plot import to_json
from app.i18n import LANGUAGES
from tests.legible import faint
from tests.pages.alone import run_alone
from tests.pages.screen import (
    Link,
    choose,
    defaults,
    figures,
    open_page,
    presets,
    rendered,
    rows,
    texts,
    together,
    trouble,
    values,
)
from tools.server import ROOT

PAGES = list(catalog.PAGES)
THEORY = ROOT / "assets" / "theory"


each_page = pytest.mark.parametrize("address", [together(a) for a in PAGES])
each_screen = pytest.mark.parametrize("address", [together(a) for a in ("", *PAGES)])
each_preset = pytest.mark.parametrize(
    ("address", "preset"), [together(a, preset) for a in PAGES for preset in presets(a)]
)


@cache
def domains(address: str) -> dict[str, Domain]:
    """Every control that the page has by default or in one of its presets: key -> what it may be set to."""
    screens = [rendered(address, preset) for preset in ("", *presets(address))]
    return {key: c.domain for s in screens for key, c in s.session_state["_lab.controls"].items()}


def link_of(screen: AppTest) -> Link:
    return {name: screen.query_params[name] for name in values(screen) if name in screen.query_params}


def telling(address: str) -> list[str]:
    """Those presets that move a control which none before them has moved."""
    moved: set[str] = set()
    found = []
    for preset in presets(address):
        link = link_of(rendered(address, preset))
        if not link.keys() <= moved:
            found.append(preset)
        moved |= link.keys()
    return found


# --- how a page is written ---


@each_page
def test_has_one_identifier(address):
    script = Path(catalog.PAGES[address].script)
    pages, concept, _idea = script.parts
    first = catalog.concept_of(address).pages[0].address == address
    assert pages == "pages"
    assert address == concept if first else address == f"{concept}-{script.stem}"
    assert all((THEORY / language / f"{address}.md").is_file() for language in LANGUAGES)
    assert all(key.startswith(f"{address}.") for key in domains(address))


@each_page
def test_script_is_a_short_story(address):
    source = (ROOT / catalog.PAGES[address].script).read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(source)), "a page opens with one sentence on its idea"
    assert len(source.splitlines()) <= 120
    assert "set_page_config" not in source and "st.title" not in source, "the frame does that"


# --- what it shows ---


@each_screen
def test_renders(address):
    screen = rendered(address)
    assert trouble(screen) == []
    assert figures(screen)
    assert values(screen) == defaults(screen)


@each_preset
def test_preset_renders_and_is_lit(address, preset):
    screen = rendered(address, preset)
    assert trouble(screen) == []
    assert figures(screen)
    pills = screen.pills[0]
    assert pills.value == preset
    assert len(pills.options) == len(presets(address))


@each_page
def test_reset_undoes_a_preset(address):
    for preset in presets(address)[:1]:
        screen = choose(open_page(address), address, preset)
        screen.button(key=f"{address}.reset").click().run()
        assert values(screen) == defaults(screen)


@each_screen
def test_figures_are_sound(address):
    """Plotly accepts every plot, its texts stand out in both themes; every figure says in words what it shows."""
    for name, header in figures(rendered(address)).items():
        assert name.startswith(f"{address or 'home'}.")
        assert len(header["alt"]) > 10, f"{name} needs an alt text"
        if header["kind"] == "plot":
            go.Figure(header["figure"])
            assert not faint(header), name


@each_screen
def test_sliders_can_be_dragged_to_their_ends(address):
    """The live road draws every position, or says why it cannot in the visitor's language."""
    for known in rendered(address).session_state["_live.desk"].views.values():
        view = replace(known, language="pseudo")
        for name, domain in view.domains.items():
            for value in _ends(domain):
                try:
                    to_json(view.answer({name: value}).header())
                except Refused as error:
                    assert "⟦" in str(error), f"{name} = {value}: {error}"


# --- links ---


@each_page
def test_link_restores_every_control(address):
    for preset in telling(address):
        sent = rendered(address, preset)
        received = open_page(address, link_of(sent))
        assert values(received) == values(sent)
        assert trouble(received) == []


JUNK = {
    "word": "nonsense",
    "nan": "nan",
    "inf": "-inf",
    "overflow": "1e999",
    "large": "1e9",
    "small": "-1e9",
    "hex": "0x10",
    "list": "[1]",
    "empty": "",
    "long": "💥" * 300,
    "several": ["a", "b", "c"],
}


@each_page
@pytest.mark.parametrize("first", range(0, len(JUNK), 6))
def test_junk_in_a_link_is_told_and_ignored(address, first):
    """Each control gets another kind of rubbish, and at the next turn the one six further on."""
    kinds = list(JUNK.values())
    dealt = {key: kinds[(first + i) % len(kinds)] for i, key in enumerate(domains(address))}
    link = {key: junk for key, junk in dealt.items() if not _allows(domains(address)[key], junk)}
    screen = open_page(address, link)
    assert trouble(screen) == []
    assert values(screen) == defaults(screen)
    assert figures(screen)
    # Some controls come only with a preset; and Streamlit drops an empty parameter before anybody sees it.
    assert screen.info or not {key for key, junk in link.items() if junk} & values(screen).keys()


# --- the code ---


@each_page
def test_exported_code_runs_alone_and_prints_the_numbers_of_the_page(address, tmp_path):
    screens = {preset: rendered(address, preset) for preset in ("", *telling(address))}
    files = []
    for i, screen in enumerate(screens.values()):
        files.append(tmp_path / f"{i}.py")
        files[-1].write_text(screen.code[-1].value, encoding="utf-8")
    printouts, foreign = run_alone([str(file) for file in files])
    assert foreign == []
    for (preset, screen), told in zip(screens.items(), printouts, strict=True):
        assert not told.startswith("failed: "), f"{preset or 'default'}: {told}"
        printed = [float(n) for n in _NUMBER.findall(told)]
        assert printed, f"{preset or 'default'}: the code prints no number"
        for shown in _shown(screen):
            assert any(_rounds_to(p, shown) for p in printed), f"{preset or 'default'}: {shown} is not in {told}"


_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w.]*\w)")


def _shown(screen) -> list[str]:
    """The numbers in the tables of the page."""
    tables = [header for header in figures(screen).values() if header["kind"] == "table"]
    cells = [cell for table in tables for row in rows(table)[1:] for cell in row[1:]]
    return [number for cell in cells for number in _NUMBER.findall(cell.replace("−", "-"))]


def _rounds_to(printed: float, shown: str) -> bool:
    digits = len(re.sub("e.*", "", shown).partition(".")[2])
    scale = 10.0 ** int(shown.partition("e")[2] or 0)
    return abs(printed - float(shown)) <= 0.5001 * scale * 10.0**-digits


# --- words ---


@each_screen
def test_no_text_is_left_untranslated(address):
    """In the pseudo language every translated text stands in ⟦…⟧; what is left over may be symbols only."""
    folds = {f"{address}.theory": "true", f"{address}.code": "true"} if address else {}
    screen = open_page(address, {"lang": "pseudo", **folds})
    note = THEORY / "en" / f"{address}.md"
    theory = note.read_text(encoding="utf-8").strip() if address else ""
    found = {text: _left_over(text) for text in texts(screen) if text != theory}
    assert {text: words for text, words in found.items() if words} == {}
    assert found


def _left_over(text: str) -> list[str]:
    """Words outside ⟦…⟧, formulas and icons. One letter is a symbol."""
    text = re.sub(r"\$[^$]*\$|:material/\w+:", " ", text)
    while re.search("⟦[^⟦⟧]*⟧", text):
        text = re.sub("⟦[^⟦⟧]*⟧", " ", text)
    return re.findall(r"[^\W\d_]{2,}", text)


def _ends(domain: Domain) -> list:
    """The ends of a slider and its middle; both thumbs of a pair at either end; nothing, a dot, a line."""
    if isinstance(domain, Pair):
        low, high = domain.span.low, domain.span.high
        return [(low, low), (low, high), (high, high)]
    if isinstance(domain, Span):
        return [domain.low, domain.high]
    if isinstance(domain, Strokes):
        return ["", ".AAA", ".AAA___.f9g"]
    if isinstance(domain, Text):
        return ["", "090.909"]
    return [domain.values[0], domain.values[len(domain.values) // 2], domain.values[-1]]


def _allows(domain: Domain, junk: str | list[str]) -> bool:
    """Whether what is junk elsewhere is a good value here: a short text, a number that fits, nothing chosen."""
    if isinstance(domain, Subset) and junk == "":
        return True
    if isinstance(domain, Text):
        return True  # any text; what is too long is cut by Streamlit before we see it
    try:
        domain.check(float(junk) if isinstance(junk, str) else junk)
    except (ValueError, TypeError):
        return False
    return True
