"""Dependencies point one way: pages -> app -> core -> torch."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.server import ROOT


def imported(path: Path) -> Iterator[str]:
    """The full names that a file imports, wherever in it they stand."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def files(folder: str) -> list[Path]:
    found = sorted((ROOT / folder).rglob("*.py"))
    assert found, f"{folder}/ is empty"
    return found


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", files("core"), ids=named)
def test_core_knows_torch_and_the_standard_library_only(path):
    allowed = {"torch", *sys.stdlib_module_names}
    assert {name for name in imported(path) if name.partition(".")[0] not in allowed} == set()


@pytest.mark.parametrize("path", files("app"), ids=named)
def test_app_knows_no_page(path):
    assert {name for name in imported(path) if name.startswith(("pages", "tests", "tools", "bench", "."))} == set()


@pytest.mark.parametrize("path", files("pages"), ids=named)
def test_pages_know_each_other_not(path):
    assert {name for name in imported(path) if name.startswith(("pages", "tests", "tools", "bench", "."))} == set()


CONCEPTS = {path.parent.name for path in (ROOT / "app").glob("*/__init__.py")} - {"figures", "live"}


@pytest.mark.parametrize("path", files("app"), ids=named)
def test_what_one_concept_uses_no_other_does(path):
    """app/<concept>/ serves its own pages; what two concepts share lies in app/ itself."""
    own = path.parent.name if path.parent.name in CONCEPTS else ""
    foreign = {f"app.{concept}" for concept in CONCEPTS - {own}}
    assert {name for name in imported(path) if ".".join(name.split(".")[:2]) in foreign} == set()


@pytest.mark.parametrize("path", files("core"), ids=named)
def test_core_leaves_the_shared_random_numbers_alone(path):
    """torch.manual_seed would change the numbers of every visitor."""
    calls = [n for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Call)]
    assert not any(ast.unparse(call.func) in ("torch.manual_seed", "torch.seed") for call in calls)
