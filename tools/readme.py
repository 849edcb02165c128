"""Writes what README.md and docs/pages.md say of the pages, from the catalog: `python -m tools.readme`."""

from app.catalog import CONCEPTS, Concept, Page
from tools.server import ROOT

BEGIN, END = "<!-- from app/catalog.py, by tools/readme.py -->\n", "<!-- end -->\n"
HERE = "http://localhost:8501"
README, PAGES = ROOT / "README.md", ROOT / "docs" / "pages.md"
HEAD = """# All pages

A hand drags, the page follows. The films are taken from the running app by `python -m tools.film`, one
picture for each move, at an even pace; how long a picture takes is measured by [bench](../bench/RESULTS.md). The links
open the pages of a Lightboard that runs on your machine (`make run`).
"""


FILMS = ROOT / "assets" / "readme"


def film(page: Page, folder: str, width: int) -> str:
    """Nothing where it has not been taken yet."""
    if not (FILMS / f"{page.address}.webp").is_file():
        return ""
    alt = f"{page.title}: {page.summary}".replace('"', "'")
    return f'<img src="{folder}assets/readme/{page.address}.webp" alt="{alt}" width="{width}">'


def in_the_readme() -> str:
    """A row for each concept: the film of its first page, and the way to all of its pages."""
    return "\n".join(["| drag | and see |", "|---|---|", *map(row, CONCEPTS)]) + "\n"


def row(concept: Concept) -> str:
    pages = " · ".join(f"[{page.title}](docs/pages.md#{page.address})" for page in concept.all)
    first = concept.pages[0]
    shown = film(first, "", 380) or still(first, "", 380).replace("\n", " ").strip()
    return f"| {shown} | **{concept.title}**. {first.summary}<br><br>{pages} |"


def all_pages() -> str:
    return HEAD + "".join(
        f"\n## {c.title}\n{still(c.pages[0], '../', 900)}{''.join(map(section, c.all))}" for c in CONCEPTS
    )


def still(page: Page, folder: str, width: int) -> str:
    """The page as its visitor first sees it, in the colours of the reader."""
    if not (FILMS / f"{page.address}-dark.webp").is_file():
        return ""
    light, dark = (f"{folder}assets/readme/{page.address}-{scheme}.webp" for scheme in ("light", "dark"))
    return (
        f'\n<picture>\n  <source media="(prefers-color-scheme: dark)" srcset="{dark}">\n'
        f'  <img src="{light}" alt="The page {page.title}: stage, controls, presets" width="{width}">\n</picture>\n'
    )


def section(page: Page) -> str:
    notes = " · ".join(
        f"[{name}](../assets/theory/{language}/{page.address}.md)"
        for language, name in (("en", "theory"), ("ru", "теория"))
        if (ROOT / "assets" / "theory" / language / f"{page.address}.md").is_file()
    )
    shown = f"{film(page, '../', 720)}\n\n".lstrip("\n")
    return (
        f'\n### <a id="{page.address}"></a>{page.title}\n\n{page.summary}\n\n{shown}'
        f"[/{page.address}]({HERE}/{page.address}) · [script](../{page.script}){notes and ' · ' + notes}\n"
    )


def written(readme: str) -> str:
    """The README with this part as the catalog has it now."""
    before, _begin, rest = readme.partition(BEGIN)
    _old, end, after = rest.partition(END)
    assert end, f"README.md has no part between {BEGIN!r} and {END!r}"
    return before + BEGIN + "\n" + in_the_readme() + "\n" + END + after


if __name__ == "__main__":
    README.write_text(written(README.read_text(encoding="utf-8")), encoding="utf-8")
    PAGES.write_text(all_pages(), encoding="utf-8")
