"""What README and CONTRIBUTING say is so."""

import re

import pytest
from streamlit.testing.v1 import AppTest

from app import catalog
from tools.server import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


@pytest.mark.parametrize("document", [README, CONTRIBUTING], ids=["README", "CONTRIBUTING"])
def test_commands_and_files_exist(document):
    targets = set(re.findall(r"(?m)(?:`|^)make ([a-z]+)", document))
    assert targets and targets <= set(re.findall(r"(?m)^([a-z]+):", MAKEFILE))
    links = re.findall(r"\]\((?!http)([^)#]+)\)|(?:src|srcset)=\"([^\"]+)\"", document)
    assert all((ROOT / (a or b)).is_file() for a, b in links)


def test_the_page_in_contributing_runs():
    (script,) = re.findall("(?s)```python\n(.*?)```", CONTRIBUTING)
    screen = AppTest.from_string(script, default_timeout=30).run()
    assert not screen.exception and not screen.warning
    assert len(screen.get("bidi_component")) == 1
    screen.pills(key="activations-leaky.preset").select("dead").run()
    assert screen.slider(key="activations-leaky.alpha").value == 0.0


def test_the_link_in_the_readme_leads_to_a_page():
    links = re.findall(r"`/([\w-]+)\?", README)
    assert links and set(links) <= catalog.PAGES.keys()
