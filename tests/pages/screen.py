"""A page as its visitor has it, without a browser: what is shown, where the controls stand, what the figures say."""

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from html import unescape
from typing import Any

import pytest
from google.protobuf.message import Message
from streamlit.testing.v1 import AppTest

from app import catalog
from tools.server import ROOT

Link = dict[str, str | list[str]]

# The fields of Streamlit's messages that a visitor reads.
_READ = {"label", "help", "body", "placeholder", "options", "content", "text", "caption", "tooltip"}


def open_page(address: str, link: Link | None = None) -> AppTest:
    """The page at `address` ("" is home), opened by a link in a new session."""
    screen = _app()
    screen._page_hash = _doors()[address]
    for name, value in (link or {}).items():
        screen.query_params[name] = value
    return screen.run()


def _app() -> AppTest:
    return AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60)


@cache
def _doors() -> dict[str, str]:
    """What Streamlit calls each page. It tells that once the app has run; a visitor comes in without seeing home."""
    home = _app().run()
    inside = {a: home.switch_page(f"../{page.script}")._page_hash for a, page in catalog.PAGES.items()}
    return {"": "", **inside}


@cache
def rendered(address: str, preset: str = "") -> AppTest:
    """The page as a link without settings shows it, then the preset chosen. To look at, not to change."""
    screen = open_page(address, {f"{address}.code": "true"} if address else None)
    return choose(screen, address, preset) if preset else screen


def together(address: str, *more: str):
    """The tests of a page run in one process, where they share what it has rendered."""
    return pytest.param(address, *more, marks=pytest.mark.xdist_group(address), id="-".join((address, *more)) or "home")


def values(screen: AppTest) -> dict[str, Any]:
    """Where the controls of the page stand, by key."""
    return {key: control.value for key, control in _controls(screen).items()}


def defaults(screen: AppTest) -> dict[str, Any]:
    return {key: control.default for key, control in _controls(screen).items()}


def trouble(screen: AppTest) -> list[str]:
    """What a visitor should never see on an untouched page."""
    return [str(e.value) for e in (*screen.exception, *screen.error, *screen.warning)]


def presets(address: str) -> list[str]:
    """The ids of the page's presets: the keys of PRESETS in its script."""
    tree = ast.parse((ROOT / catalog.PAGES[address].script).read_text(encoding="utf-8"))
    tables = (n.value for n in tree.body if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == "PRESETS")
    return [ast.literal_eval(key) for table in tables for key in table.keys]


def choose(screen: AppTest, address: str, preset: str) -> AppTest:
    return screen.pills[0].select(preset).run()


def figures(screen: AppTest) -> dict[str, dict[str, Any]]:
    """The live figures of the page: name -> what the browser gets, read from the same bytes as it reads them."""
    found = {}
    for element in screen.main.get("bidi_component"):
        frame = element.proto.bytes
        length = int.from_bytes(frame[:4], "little")
        header = json.loads(frame[4 : 4 + length])
        found[header["name"]] = header
    return found


def rows(table: dict[str, Any]) -> list[list[str]]:
    """The cells of a table as the browser gets it, a minus as Python reads it; the first row holds the titles."""
    lines = re.findall("<tr.*?>(.*?)</tr>", re.sub(r"−(?=\d)", "-", table["html"]))
    return [[unescape(cell) for cell in re.findall("<t[hd].*?>(.*?)</t[hd]>", line)] for line in lines]


def texts(screen: AppTest) -> Iterator[str]:
    """Every text of the page and its navigation that a visitor can read, the code aside."""
    for node in [*_nodes(screen.main), *screen.sidebar.get("page_link")]:
        if node.type not in ("code", "html", "bidi_component"):
            yield from _strings(node.proto)
    for header in figures(screen).values():
        yield from _figure_texts(header)


def _controls(screen: AppTest) -> dict[str, Any]:
    return screen.session_state.get("_lab.controls", {})


def _nodes(block: Any) -> Iterator[Any]:
    for child in block.children.values():
        yield child
        yield from _nodes(child) if hasattr(child, "children") else ()


def _strings(message: Message | None) -> Iterator[str]:
    for field, value in message.ListFields() if message is not None else ():
        several = list(value) if field.is_repeated else [value]
        for each in several:
            if isinstance(each, Message):
                yield from _strings(each)
            elif isinstance(each, str) and field.name in _READ:
                yield each


def _figure_texts(header: dict[str, Any]) -> Iterator[str]:
    yield header["alt"]
    yield from header["words"].values()
    yield from (handle["label"] for handle in header["handles"])
    if header["kind"] == "table":
        yield from (cell for row in rows(header) for cell in row)
    if header["kind"] == "picture":
        yield from (panel["title"] for panel in header["panels"])
    if header["kind"] == "plot":
        layout = header["figure"]["layout"]
        yield from (trace.get("name", "") for trace in header["figure"]["data"])
        yield from (re.sub("<.*?>", " ", note["text"]) for note in layout.get("annotations", ()))
        yield from (axis["title"]["text"] for key, axis in layout.items() if "axis" in key and "title" in axis)
    if header["kind"] == "grids":
        yield from (text for grid in header["grids"] for text in (grid["title"], grid["idle"]))
        yield from (re.sub(r"\{.*?\}", "", grid[name]) for grid in header["grids"] for name in ("say", "term"))
        yield from (*header["facts"], *(text for _mark, text in header["legend"]), header["hint"])
