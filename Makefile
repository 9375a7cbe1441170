# tiekd: what people run, and what CI runs. Every target makes the environment it needs first.
#
#   make serve   open the viewer on the shipped models (http://127.0.0.1:8000)
#   make test    every test, the browser tests too where Chromium is installed
#   make check   ruff, mypy --strict, the architecture test, and the page's own checks where Node is installed
#   make bench   the benchmarks; each prints ratios measured in one run
#   make demo    render the synthetic world and train the shipped models again
#   make study   more seeds and a wide student beside the demo's, and their tables
#   make clean   remove the environment and everything that was built
#
# Settings: PYTHON=python3.12  HOST=0.0.0.0  PORT=8080  ARGS="--results DIR"
#           STUDY=bias, optimum or targets  for `make study`: what the two kinds of target DPM do (docs/study.md)
#           STUDY=pictures  takes the pictures of docs/viewer.md
#           TORCH_INDEX=URL of a package index for torch. Empty: pip's own build, which on Linux x86-64 is one for
#           CUDA (several GB, and runs without a GPU, too). The index of the small CPU build stands in
#           the command that PyTorch's "Get Started" page gives for Linux, Pip, CPU, after --index-url.

PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
ARGS ?=
STUDY ?= study
TORCH_INDEX ?=
VENV ?= .venv
BIN := $(VENV)/bin
PAGE_FILES := "static/**/*.js" "static/**/*.css" "static/**/*.json" "tests/viewer/*.js" package.json .prettierrc
PIP_INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check

.PHONY: serve test check check-page check-page-with-node bench demo study clean
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
	@$(MAKE) --no-print-directory check-page

# Only these checks need Node, so a machine without it skips them. CI must not skip them.
check-page:
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory check-page-with-node; \
	elif [ "$$CI" = true ]; then echo "Node is not installed, so the page can't be checked. Try: apt install nodejs npm"; exit 1; \
	else echo "Node is not installed, so the page was NOT checked. Try: apt install nodejs npm"; fi

check-page-with-node: node_modules/.installed
	node_modules/.bin/tsc -p static/viewer/jsconfig.json
	node_modules/.bin/prettier --check --log-level warn $(PAGE_FILES)
	node --test --test-reporter=spec tests/viewer/*.test.js

node_modules/.installed: package-lock.json
	@echo "Installing what checks the page ..."
	@npm ci --loglevel=error --no-audit --no-fund
	@touch $@

bench: $(VENV)/.dev
	@for script in benchmarks/bench_*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

demo: $(VENV)/.dev
	$(BIN)/python -m studies.demo $(ARGS)

study: $(VENV)/.dev
	$(BIN)/python -m studies.$(STUDY) $(ARGS)

clean:
	rm -rf $(VENV) node_modules build dist .pytest_cache .mypy_cache .ruff_cache
