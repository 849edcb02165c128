"""The texts to translate: collects them from the source and brings assets/locale/*.po up to date.

Translations are kept, new texts come with an empty one, texts that have gone are dropped. No line numbers and no
dates, so that a diff shows what has changed and nothing else.
"""

import importlib
import io
from collections.abc import Iterator
from dataclasses import is_dataclass
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir, extract_from_file
from babel.messages.pofile import write_po

from app.i18n import LANGUAGES, LOCALE, catalogue

ROOT = Path(__file__).parent.parent
KEYWORDS = {"_": None, "gettext": None}
HEADER = 'msgid ""\nmsgstr ""\n"Language: {}\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'


def collect() -> set[str]:
    """Every text that a visitor may read in the interface."""
    return {*_from_calls(), *_from_families()}


def write(language: str, translations: dict[str, str]) -> None:
    catalog = Catalog(locale=language)
    for text, translation in translations.items():
        catalog.add(text, translation)
    body = io.BytesIO()
    write_po(body, catalog, width=110, omit_header=True, no_location=True, sort_output=True)
    LOCALE.mkdir(exist_ok=True)
    (LOCALE / f"{language}.po").write_text(HEADER.format(language) + body.getvalue().decode(), encoding="utf-8")


def _from_calls() -> Iterator[str]:
    """What stands in _("…") in the interface."""
    for folder in ("app", "pages"):
        for _file, _line, text, _comments, _context in extract_from_dir(
            ROOT / folder, [("**.py", "python")], keywords=KEYWORDS
        ):
            yield str(text)
    for _line, text, _comments, _context in extract_from_file("python", ROOT / "lightboard.py", keywords=KEYWORDS):
        yield str(text)


def _from_families() -> Iterator[str]:
    """`title` and `note` of every member of a family: a dict of dataclasses in a core module."""
    for path in sorted((ROOT / "core").glob("[!_]*.py")):
        module = importlib.import_module(f"core.{path.stem}")
        for family in vars(module).values():
            for member in family.values() if isinstance(family, dict) else ():
                for field in ("title", "note") if is_dataclass(member) else ():
                    text = getattr(member, field, None)
                    if isinstance(text, str) and text:
                        yield text


if __name__ == "__main__":
    texts = collect()
    for language in LANGUAGES.keys() - {"en"}:  # English is the source
        known = catalogue(language)
        write(language, {text: known.get(text, "") for text in texts})
        missing = sum(not known.get(text) for text in texts)
        print(f"{language}: {len(texts)} texts, {missing} to translate, {len(known.keys() - texts)} dropped")
