# make demo   measure and show all four domains    make test      the quick tests
# make lint   style, types, arrows, dependencies   make test-all  the quick and the slow tests
# make errors writes docs/errors.md anew           make tables    the README's table
VENV ?= .venv
PYTHON ?= python3
DATA ?= $(wildcard ../shared/data)
export FOURFOLD_DATA ?= $(abspath $(DATA))

BIN = $(VENV)/bin
# A file of tests is one process's, and a process has one thread: tests are small, and threads would only wait.
PYTEST = OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile
STAMP = $(VENV)/.installed

.PHONY: demo test test-all lint recipes tables errors clean

demo: $(STAMP)-synth
	$(BIN)/fourfold demo

test: $(STAMP)-test
	$(PYTEST)

test-all: $(STAMP)-test
	$(PYTEST) -m "slow or not slow"

recipes: $(STAMP)-test
	$(BIN)/python -m pytest -m slow tests/recipes

lint: $(STAMP)-lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .

$(STAMP)-%: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable ".[$*]"
	touch $@

tables: $(STAMP)-synth
	$(BIN)/fourfold bench tables README.md

errors: $(STAMP)-synth
	$(BIN)/python tests/helpers/error_page.py

clean:
	rm -rf $(VENV) build dist *.egg-info
