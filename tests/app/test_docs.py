"""What README, CONTRIBUTING and docs/ say is so: commands, files, addresses, links, keys, words, numbers."""

import re
from urllib.parse import parse_qs

import pytest
from streamlit.testing.v1 import AppTest

from app import catalog, sharing
from app.i18n import catalogue
from tests.pages.screen import figures, open_page, trouble, values
from tools import film, readme
from tools.server import ROOT

DOCS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
TEXTS = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in DOCS}
README, CONTRIBUTING = TEXTS["README.md"], TEXTS["CONTRIBUTING.md"]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
ROUTES = {"live", "metrics", "health"}
SOURCE = "\n".join(
    path.read_text(encoding="utf-8") for kind in ("py", "js") for path in (ROOT / "app").rglob(f"*.{kind}")
)
FOR_PEOPLE = [name for name in TEXTS if re.search(r"(teachers|students)\.md", name)]


@pytest.mark.parametrize("name", TEXTS)
def test_commands_files_and_addresses_exist(name: str) -> None:
    text, folder = TEXTS[name], (ROOT / name).parent
    targets = set(re.findall(r"(?m)(?:`|^)(?:\w+=\S+ )*make (?:-C \w+ )?([a-z]+)", text))
    assert targets <= set(re.findall(r"(?m)^([a-z]+):", MAKEFILE))
    links = re.findall(r"\]\((?!http)([^)#]+)[^)]*\)|(?:src|srcset)=\"([^\"]+)\"", text)
    assert not [a or b for a, b in links if not (folder / (a or b)).is_file()]
    modules = re.findall(r"python -m ((?:tools|bench|deploy)\.\w+)", text)
    assert all((ROOT / f"{module.replace('.', '/')}.py").is_file() for module in modules)
    addresses = set(re.findall(r"`/([\w-]+)[`?]|localhost:8501/([\w-]+)", text))
    assert {a or b for a, b in addresses} - {"activations-leaky"} <= catalog.PAGES.keys() | ROUTES


def test_the_page_in_contributing_runs() -> None:
    (script,) = re.findall("(?s)```python\n(.*?)```", CONTRIBUTING)
    screen = AppTest.from_string(script, default_timeout=30).run()
    assert not screen.exception and not screen.warning
    assert len(screen.get("bidi_component")) == 1
    screen.pills[0].select("dead").run()
    assert screen.slider(key="activations-leaky.alpha").value == 0.0


def test_what_is_made_from_the_catalog_is_as_it_would_be_made_now() -> None:
    assert readme.written(README) == README, "python -m tools.readme"
    assert readme.all_pages() == TEXTS["docs/pages.md"], "python -m tools.readme"


def test_films_belong_to_pages_and_all_together_are_light() -> None:
    films = {path.stem: path.stat().st_size for path in film.FILMS.glob("*.webp")}
    first = {concept.pages[0].address for concept in catalog.CONCEPTS}
    stills = {f"{address}-{scheme}" for address in first for scheme in ("light", "dark")}
    assert films and films.keys() <= catalog.PAGES.keys() | stills and film.TAKES.keys() <= catalog.PAGES.keys()
    assert max(films.values()) <= 400_000 and sum(films.values()) < 12_000_000


LINKS = sorted({link for text in TEXTS.values() for link in re.findall(r"`/([\w-]+\?[^`]+)`", text)})


@pytest.mark.parametrize("link", LINKS)
def test_a_link_opens_what_it_says(link: str) -> None:
    address, _, query = link.partition("?")
    asked = parse_qs(query)
    screen = open_page(address, {**asked})
    assert trouble(screen) == [] and not screen.info, "a value that its control allows"
    controls = values(screen).keys()
    for name, texts in asked.items():
        if name == "hide":
            known = {key.partition(".")[2] for key in controls} | sharing.PARTS.keys()
            assert set(texts[0].split(",")) <= known
        elif name == "only":
            assert list(figures(screen)) == [f"{address}.{texts[0]}"]
        else:
            assert name in controls or name in ("present", "embed", "lang")


@pytest.mark.parametrize("name", FOR_PEOPLE)
def test_bold_words_stand_on_the_screen_and_keys_do_something(name: str) -> None:
    words = catalogue("ru")
    known = words.values() if "/ru/" in name else words.keys()
    bold = {word.replace("\n", " ") for word in re.findall(r"\*\*([^*]+)\*\*", TEXTS[name])}
    assert bold and bold <= {*known, "bold"}
    for key in set(re.findall(r"<kbd>(.+?)</kbd>", TEXTS[name])) - {"Tab"}:  # that one is the browser's
        assert re.search(rf'"(Key)?{key.replace("Space", " ")}"', SOURCE), key
    quoted = re.findall(r"[“«]([^”»…]+)[…”»]", TEXTS[name])  # what a visitor may read when something is odd
    assert all(any(q.strip(" :") in text for text in known) for q in quoted) and len(quoted) >= 2 * ("teachers" in name)


def test_every_part_that_can_be_hidden_is_named() -> None:
    for name in ("docs/teachers.md", "docs/ru/teachers.md"):
        assert all(f"`{part}`" in TEXTS[name] for part in sharing.PARTS)


def test_our_numbers_against_the_peers_are_those_of_the_results() -> None:
    results = (ROOT / "bench" / "RESULTS.md").read_text(encoding="utf-8")
    (part,) = re.findall(r"(?s)## Against the best of its kind\n(.*?)\n## ", README)
    rows = [row.split("|")[2:5] for row in part.splitlines() if row.startswith("| ")][1:]
    assert len(rows) > 6 and "## Against the peers" in results
    for cell in (cell for row in rows for cell in row):
        for number in re.findall(r"\d[\d.]*\d|\d", re.sub(r"\(http.*?\)", "", cell)):
            assert re.search(rf"(?<![\d.]){re.escape(number)}(?![\d.]*\d)", results), number
