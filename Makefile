# Two commands do everything on a machine that has only Python 3.11 or later: make demo, make test.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
JOBS ?= $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)

.PHONY: demo test check readme gallery docs build clean

demo: $(VENV)/.installed  ## set up and run the main job on embedded data
	$(BIN)/deepworth compare

test: $(VENV)/.installed-dev  ## set up and run the tests
	$(BIN)/pytest -n $(JOBS) -q

check: $(VENV)/.installed-dev  ## lint, format, types, direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

readme: $(VENV)/.installed-dev  ## write the generated parts of README.md and docs
	$(BIN)/python benchmarks/readme.py

gallery: $(VENV)/.installed-dev  ## reports of six datasets in build/gallery
	$(BIN)/python benchmarks/gallery.py

docs: $(VENV)/.installed-dev  ## the documentation site in docs/_build; a warning is an error
	$(BIN)/python -m sphinx -q -W --keep-going -b html docs docs/_build

build: $(VENV)/.installed-dev  ## wheel and sdist into dist/
	$(BIN)/python -m build

clean:
	rm -rf $(VENV) build dist *.egg-info

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q -e .
	touch $@

$(VENV)/.installed-dev: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q -e '.[dev]'
	touch $@ $(VENV)/.installed
