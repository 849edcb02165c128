"""What all tests share."""

import os
from functools import cache

os.environ.setdefault("OMP_NUM_THREADS", "1")  # also in the threads that the tests start

import pytest
import streamlit.components.v2.manifest_scanner as scanner
import torch
from hypothesis import settings

from app.i18n import set_language

# As the server does: one thread a picture; the tests themselves run side by side.
torch.set_num_threads(1)

# A busy machine may take its time; in CI the examples are the same every time.
settings.register_profile("lightboard", deadline=None, derandomize=os.environ.get("CI") == "true")
settings.load_profile("lightboard")

# Each AppTest looks through all installed packages for components: nine tenths of the time that a page takes.
scanner.scan_component_manifests = cache(scanner.scan_component_manifests)


@pytest.fixture(autouse=True)
def _english():
    """What a test before this one spoke is forgotten."""
    set_language("en")
