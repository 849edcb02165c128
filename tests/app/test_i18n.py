"""Both languages are complete, in the interface and in the theory notes."""

import string

import pytest

from app import catalog, i18n
from core.activations import ACTIVATIONS
from tools import messages

TRANSLATED = [language for language in i18n.LANGUAGES if language != "en"]
THEORY = messages.ROOT / "assets" / "theory"
each_language = pytest.mark.parametrize("language", TRANSLATED)


def fields(text: str) -> list[str]:
    """The {…} of a format string, each with its format."""
    return sorted(f"{name}:{spec}" for _, name, spec, _ in string.Formatter().parse(text) if name is not None)


def test_collects_from_calls_and_from_families():
    found = messages.collect()
    assert {"Reset", catalog.PAGES["activations"].title} <= found
    assert {text for member in ACTIVATIONS.values() for text in (member.title, member.note)} <= found


@each_language
def test_every_text_is_translated(language):
    known = i18n.catalogue(language)
    assert sorted(text for text in messages.collect() if not known.get(text)) == [], "run `make messages`"
    assert sorted(known.keys() - messages.collect()) == [], "texts that have gone: run `make messages`"


@each_language
def test_the_file_is_as_make_messages_writes_it(language, tmp_path, monkeypatch):
    written = (messages.LOCALE / f"{language}.po").read_text(encoding="utf-8")
    known = i18n.catalogue(language)
    monkeypatch.setattr(messages, "LOCALE", tmp_path)
    messages.write(language, known)
    assert (tmp_path / f"{language}.po").read_text(encoding="utf-8") == written


@each_language
def test_format_fields_survive_translation(language):
    for text, translation in i18n.catalogue(language).items():
        assert fields(translation) == fields(text), text
        assert translation.count("$") == text.count("$"), text


@each_language
def test_gettext_speaks_it(language):
    text = "Reset"
    i18n.set_language(language)
    try:
        assert i18n.gettext(text) == i18n.catalogue(language)[text] != text
        assert i18n.gettext("a text that nobody has written") == "a text that nobody has written"
    finally:
        i18n.set_language("en")
    assert i18n.gettext(text) == text


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_each_page_has_its_theory(language):
    notes = {path.stem: path.read_text(encoding="utf-8") for path in (THEORY / language).iterdir()}
    for address in catalog.PAGES:
        assert len(notes[address].split()) > 40, f"{language}/{address}.md is too short to explain anything"


def test_theory_has_the_same_notes_and_formulas_in_every_language():
    notes = {language: {p.name for p in (THEORY / language).iterdir()} for language in i18n.LANGUAGES}
    assert all(names == notes["en"] for names in notes.values())
    assert {path.name for path in THEORY.iterdir()} == set(i18n.LANGUAGES)
    for name in notes["en"]:
        blocks = [(THEORY / language / name).read_text(encoding="utf-8").count("$$") for language in notes]
        assert len(set(blocks)) == 1, f"{name}: the languages have different displayed formulas"


def test_no_stray_catalogues():
    assert {path.name for path in messages.LOCALE.iterdir()} == {f"{language}.po" for language in TRANSLATED}
