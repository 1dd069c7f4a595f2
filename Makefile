# The two commands of the README are `make demo` and `make test`. Each sets up what it needs; a second run starts at once.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt

.PHONY: demo test lint bench clean

demo: .venv/base  ## play the bundled call; ARGS=--headless prints the cards here
	$(BIN)/calmline demo $(ARGS)

test: .venv/dev  ## run all tests; ARGS goes to pytest
	$(BIN)/python -m pytest $(ARGS)

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: .venv/dev
	$(BIN)/python scripts/bench.py $(ARGS)

clean:
	rm -rf .venv

.venv/base: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Calmline needs Python 3.11 or newer: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(PIP) -e .
	touch $@

.venv/dev: .venv/base scripts/install_debian.sh
	$(PIP) -e '.[dev,train,pocketsphinx]'
	scripts/install_debian.sh
	touch $@
