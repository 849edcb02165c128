# Each target works as the first command in a fresh clone: Python 3.11 or newer and make are all it takes.

PORT ?= 8501
# The first of these that is new enough; `make run PYTHON=…` chooses another.
PYTHON ?= $(firstword $(foreach p,python3 python3.14 python3.13 python3.12 python3.11,\
	$(shell $(p) -c 'import sys; sys.version_info >= (3, 11) and print("$(p)")' 2>/dev/null)))
BIN := .venv/bin
RUN := PYTHONPATH=. $(BIN)/python -m
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: run test check bench shots messages audit browser

run: .venv/installed
	@echo "Lightboard: http://localhost:$(PORT)"
	@$(RUN) streamlit run lightboard.py --server.port $(PORT)

test: .venv/installed-dev browser  # make test ARGS="-k palette" runs a part
	$(RUN) pytest -n 2 $(ARGS)

check: .venv/installed-dev
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy

bench: .venv/installed-dev browser
	$(RUN) bench.live $(ARGS)
	$(RUN) bench.gan
	$(RUN) bench.soak

shots: .venv/installed-dev browser  # make shots ARGS="activations" takes these pages only
	$(RUN) tools.shots $(ARGS)

messages: .venv/installed-dev
	$(RUN) tools.messages

audit: .venv/installed-dev
	$(RUN) tools.audit

browser: .venv/installed-dev
	@$(RUN) tools.chromium

# Nothing is installed again while the requirements stay as they are.
.venv/installed: requirements.txt
	@test -n "$(PYTHON)" || { echo "Lightboard needs Python 3.11 or newer."; exit 1; }
	@echo "Installing the requirements into .venv: some minutes the first time."
	test -x $(BIN)/pip || $(PYTHON) -m venv .venv
	$(PIP) -r requirements.txt
	@touch $@

.venv/installed-dev: .venv/installed requirements-dev.txt
	$(PIP) -r requirements-dev.txt
	@touch $@
