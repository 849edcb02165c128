"""One table: the concepts (sections of the navigation) and their pages."""

from dataclasses import dataclass

# Marks a text for translation here; it is translated where it is shown, in the language of that moment.
_ = str


@dataclass(frozen=True)
class Page:
    """One idea. `address` is its URL, the prefix of its widget keys and the name of its theory note."""

    address: str
    script: str
    title: str
    icon: str
    summary: str


@dataclass(frozen=True)
class Concept:
    title: str
    icon: str
    pages: tuple[Page, ...]


CONCEPTS: tuple[Concept, ...] = (
    Concept(
        _("Activations"),
        "show_chart",
        (
            Page(
                "activations",
                "pages/activations/curves.py",
                _("Activation functions"),
                "show_chart",
                _("The bend between two layers, and how much gradient it lets through."),
            ),
        ),
    ),
)

PAGES: dict[str, Page] = {page.address: page for concept in CONCEPTS for page in concept.pages}


def concept_of(address: str) -> Concept | None:
    """The section that a page belongs to; none for home."""
    return next((c for c in CONCEPTS if any(p.address == address for p in c.pages)), None)
