# tiekd: what people run, and what CI runs. Every target makes the environment it needs first.
#
#   make serve   open the viewer on the shipped models (http://127.0.0.1:8000)
#   make test    every test, the browser tests too where Chromium is installed
#   make check   ruff, mypy --strict and the architecture test
#   make bench   the benchmarks; each prints ratios measured in one run
#   make demo    render the synthetic world and train the shipped models again
#   make study   more seeds and a wide student beside the demo's, and their tables
#   make clean   remove the environment and everything that was built
#
# Settings: PYTHON=python3.12  HOST=0.0.0.0  PORT=8080  ARGS="--results DIR"
#           TORCH_INDEX=URL of a package index for torch. Empty: pip's own build, which on Linux x86-64 is one for
#           CUDA (several GB, and runs without a GPU, too). The index of the small CPU build stands in
#           the command that PyTorch's "Get Started" page gives for Linux, Pip, CPU, after --index-url.

PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
ARGS ?=
TORCH_INDEX ?=
VENV ?= .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check

.PHONY: serve test check bench demo study clean
.DEFAULT_GOAL := help

help:
	@sed -n '/^# tiekd/,/^$$/s/^# \{0,1\}//p' Makefile

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "tiekd needs Python 3.11 or newer, $(PYTHON) is $$($(PYTHON) -V 2>&1). Try: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	  { echo "This Python can't make a virtual environment. On Debian or Ubuntu: apt install python3-venv"; exit 1; }

# torch alone first, so that an index chosen for it is not asked for anything else.
$(VENV)/.torch: | $(BIN)/pip
	@echo "Installing torch (once) ..."
	@$(PIP_INSTALL) $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) torch torchvision
	@touch $@

$(VENV)/.serve: pyproject.toml $(VENV)/.torch
	@echo "Installing tiekd ..."
	@$(PIP_INSTALL) --editable .
	@touch $@

$(VENV)/.dev: pyproject.toml $(VENV)/.torch
	@echo "Installing tiekd and what its tests and trainings need ..."
	@$(PIP_INSTALL) --editable '.[dev]'
	@touch $@ $(VENV)/.serve

serve: $(VENV)/.serve
	@$(BIN)/tiekd serve --host $(HOST) --port $(PORT) $(ARGS)

test: $(VENV)/.dev
	$(BIN)/pytest $(ARGS)

check: $(VENV)/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/pytest -q tests/test_architecture.py

bench: $(VENV)/.dev
	@for script in benchmarks/bench_*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

demo: $(VENV)/.dev
	$(BIN)/python -m studies.demo $(ARGS)

study: $(VENV)/.dev
	$(BIN)/python -m studies.study $(ARGS)

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache
