# make demo    set up, rank the bundled magnets and electrodes, say where the results are
# make test    set up, then lint, types and the quick tests
# make test-ci tests of some seconds each: killed processes, browser, Slurm; `make test-slow` runs the long ones
# make docs    set up, then build the documentation into build/docs; warnings are errors
# A machine without a GPU downloads less with  make demo TORCH_INDEX=https://download.pytorch.org/whl/cpu

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.PHONY: demo docs test test-ci test-slow lint format clean

VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_DEFAULT_TIMEOUT ?= 180
PIP := $(BIN)/python -m pip install --quiet --constraint constraints.txt
TORCH_INDEX ?=
# Each stamp is as old as the last installation from the lock; a change of either file installs again.
INSTALLED := $(VENV)/.installed
INSTALLED_DEV := $(VENV)/.installed-dev
INSTALLED_DOCS := $(VENV)/.installed-docs
LOCK := constraints.txt pyproject.toml
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadgroup

demo: $(INSTALLED)
	@for task in magnets electrodes; do \
	  $(BIN)/screening rank task=$$task candidates=$$task output_dir=demo/$$task; \
	done
	@echo
	@echo "Reports and tables:  demo/magnets/report.html  demo/electrodes/report.html"
	@echo "The runs in MLflow:  $(BIN)/mlflow ui --backend-store-uri sqlite:///mlflow.db"

docs: $(INSTALLED_DOCS)
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet docs build/docs
	@echo "Documentation:  build/docs/index.html"

test: lint
	$(PYTEST) -m "not slow and not ci"

test-ci: $(INSTALLED_DEV) $(INSTALLED_DOCS)
	$(PYTEST) -m "ci and not slow"

test-slow: $(INSTALLED_DEV)
	$(PYTEST) -m slow

lint: $(INSTALLED_DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(INSTALLED_DEV)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Removes what was built and computed here, not the environment: `rm -rf .venv` does that.
clean:
	rm -rf build dist demo *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find screening tests scripts -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

$(BIN)/python:
	@for python in $(PYTHON) python3 python3.13 python3.12 python3.11; do \
	  if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "Setting up $(VENV) with $$($$python --version)"; \
	    exec $$python -m venv $(VENV); \
	  fi; \
	done; \
	echo "Python 3.11 or newer is needed; python3 is $$(python3 --version 2>&1 || true)." \
	  "Name another one with: make PYTHON=/path/to/python" >&2; \
	exit 1

$(INSTALLED): $(LOCK) | $(BIN)/python
	@echo "Installing the locked dependencies (a few minutes the first time)"
	@$(PIP) $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) torch
	@$(PIP) --editable .
	@touch $@

$(INSTALLED_DEV): $(INSTALLED)
	@echo "Installing what the tests need"
	@$(PIP) --editable '.[dev,accurate]'
	@touch $@

$(INSTALLED_DOCS): $(INSTALLED)
	@echo "Installing what the documentation needs"
	@$(PIP) --editable '.[docs]'
	@touch $@
