# `make demo` and `make test` need nothing but Python 3.11 or later.
PYTHON ?= python3
VENV ?= .venv
OLDEST ?= .venv-oldest
OLDEST_PYTHON ?= $(or $(shell command -v python3.11),$(PYTHON))
BIN := $(VENV)/bin
JOBS ?= $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)

.PHONY: help demo test test-all test-oldest coverage check hooks readme outputs gallery docs build release clean

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1  /p' Makefile | awk '{printf "%-12s %s\n", $$1, substr($$0, length($$1) + 3)}'

demo: $(VENV)/.installed  ## set up an environment and run the main command on built-in data
	$(BIN)/deepworth compare

test: $(VENV)/.installed-dev  ## set up an environment and run the tests, without the nightly ones
	$(BIN)/pytest -n $(JOBS) -q

test-all: $(VENV)/.installed-dev  ## all tests, including the nightly ones
	$(BIN)/pytest -n $(JOBS) -q -m ""

test-oldest: $(OLDEST)/.installed  ## the tests on the oldest supported versions of all dependencies
	$(OLDEST)/bin/pytest -n $(JOBS) -q

coverage: $(VENV)/.installed-dev  ## all tests with branch coverage; pages in htmlcov/
	$(BIN)/pytest -n $(JOBS) -q -m "" --cov --cov-report=term:skip-covered --cov-report=html

check: $(VENV)/.installed-dev  ## lint, format, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

hooks: $(VENV)/.installed-dev  ## run the same checks before every commit
	$(BIN)/pre-commit install

readme: $(VENV)/.installed-dev  ## write the generated tables and pictures of README.md and docs
	$(BIN)/python benchmarks/readme.py

outputs: $(VENV)/.installed-dev  ## run the commands that docs show and write what they print
	$(BIN)/python docs/outputs.py --write

gallery: $(VENV)/.installed-dev  ## reports on six datasets in build/gallery
	$(BIN)/python benchmarks/gallery.py

docs: $(VENV)/.installed-dev  ## the documentation site in docs/_build; a warning is an error
	$(BIN)/python -m sphinx -q -W --keep-going -b html docs docs/_build

build: $(VENV)/.installed-dev  ## wheel and sdist in dist/
	$(BIN)/python -m build

release: $(VENV)/.installed-dev  ## the release checklist; RELEASE=--tag sets the tag at the end
	$(BIN)/python .ci/release.py $(RELEASE)

clean:  ## remove environments, builds and caches
	rm -rf $(VENV) $(OLDEST) build dist htmlcov docs/_build *.egg-info

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q -e .
	touch $@

$(VENV)/.installed-dev: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q -e '.[dev]'
	touch $@ $(VENV)/.installed

$(OLDEST)/.installed: pyproject.toml .ci/oldest.py
	$(OLDEST_PYTHON) -m venv $(OLDEST)
	$(OLDEST)/bin/python .ci/oldest.py > $(OLDEST)/constraints.txt
	$(OLDEST)/bin/pip install -q -c $(OLDEST)/constraints.txt -e '.[dev]'
	touch $@
