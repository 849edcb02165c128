"""The words of the interface: English in the source, Russian in assets/locale/ru.po.

The language belongs to the picture being made, not to the process: it lies in a context variable, which the
frame sets at the start of each run and the live road for each answer.
"""

from contextvars import ContextVar
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

LANGUAGES = {"en": "English", "ru": "Русский"}
LOCALE = Path(__file__).parent.parent / "assets" / "locale"

_language: ContextVar[str] = ContextVar("language", default="en")


def set_language(language: str) -> None:
    _language.set(language)


def get_language() -> str:
    return _language.get()


def gettext(message: str) -> str:
    """`message` in the language of the present run; the English text where there is no other."""
    language = _language.get()
    if language == "pseudo":  # the tests' language: shows which texts pass through here
        return f"⟦{message}⟧" if message else ""
    return catalogue(language).get(message) or message


def name(text: str) -> str:
    """A name that is the same in every language: a class of a library, an argument, a sentence quoted from it."""
    return f"⟦{text}⟧" if _language.get() == "pseudo" else text


@cache
def catalogue(language: str) -> dict[str, str]:
    """message -> translation, from the .po file; empty for English, which is the source."""
    path = LOCALE / f"{language}.po"
    if not path.exists():
        return {}
    with path.open("rb") as file:
        return {str(m.id): str(m.string) for m in read_po(file, locale=language) if m.id and not m.fuzzy}
