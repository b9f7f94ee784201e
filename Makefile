# make demo   sets up and opens the debugger on a bundled scenario
# make check  sets up and runs every check and all tests
# Both work on a fresh checkout with Python 3.11 or newer, pip and venv.

PYTHON ?= python3
VENV ?= .venv
SCENARIO ?= two_scalars
TORCH ?= torch==2.13.0
bin = $(VENV)/bin

.PHONY: setup demo check format lint types contracts test test-torch benchmark clean
.DEFAULT_GOAL := check

setup: $(VENV)/.for-development

demo: $(VENV)/.for-use
	$(bin)/gradstep demo $(SCENARIO)

# mypy works on one core, and for long where it has no cache yet: the tests run beside it.
check: lint
	$(MAKE) --no-print-directory --jobs 3 types contracts test

# PyTorch is no dependency of gradstep; the tests marked torch compare the engine with it.
test-torch: $(VENV)/.for-development
	$(bin)/python -m pip install --quiet "$(TORCH)"
	$(bin)/python -m pytest -n auto -m torch

format: $(VENV)/.for-development
	$(bin)/ruff format .
	$(bin)/ruff check --fix .

lint: $(VENV)/.for-development
	$(bin)/ruff format --check .
	$(bin)/ruff check .

types: $(VENV)/.for-development
	$(bin)/mypy

contracts: $(VENV)/.for-development
	$(bin)/lint-imports

# Compiled code is kept beside the environment: a second run compiles nothing.
test: $(VENV)/.for-development
	PYTHONPYCACHEPREFIX="$${PYTHONPYCACHEPREFIX:-$(abspath $(VENV))/bytecode}" \
		$(bin)/python -m pytest -n auto --dist worksteal

benchmark: $(VENV)/.for-development
	$(bin)/python benchmarks/engine.py
	$(bin)/python benchmarks/chain.py
	$(bin)/python benchmarks/listener.py
	$(bin)/python benchmarks/recording.py
	$(bin)/python benchmarks/screen.py
	$(bin)/python benchmarks/travel.py
	$(bin)/python benchmarks/panes.py
	$(bin)/python benchmarks/graph.py

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "gradstep needs Python 3.11 or newer: make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.for-use: pyproject.toml | $(VENV)/bin/python
	$(bin)/python -m pip install --quiet -e .
	touch $@

$(VENV)/.for-development: pyproject.toml | $(VENV)/bin/python
	$(bin)/python -m pip install --quiet -e ".[dev]"
	touch $@ $(VENV)/.for-use

clean:
	rm -rf $(VENV) dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
