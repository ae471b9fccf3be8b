# `make help` lists what can be made. VENV=DIR uses another virtual environment, PYTHON=FILE another Python 3.11+.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
VENV ?= .venv
BIN := $(VENV)/bin
export PYTHON

.PHONY: help demo test test-faults check fix bench bench-int8 bench-loop bench-store setup browser constraints clean

help: ## list the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

demo: setup ## set-up, then a small mall from video to answered questions; the last line is a JSON summary
	@$(BIN)/mall demo

test: setup browser ## set-up, then all tests; ARGS="-k name" chooses
	@$(BIN)/python -m pytest $(ARGS)

test-faults: setup ## set-up, then 200 kills and 20 freezes of everything while 200 segments are extracted (an hour)
	@$(BIN)/python -m pytest tests/faults tests/pipelines/test_fence.py -m faults -o log_cli=true -o log_cli_level=INFO $(ARGS)

check: setup ## set-up, then format, lint, types and import rules
	@$(BIN)/ruff format --check --quiet . || { echo "make fix formats these files" >&2; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

fix: setup ## format, and mend what ruff can mend
	@$(BIN)/ruff check --quiet --fix . || true
	@$(BIN)/ruff format --quiet .

bench: setup ## set-up, then the ratio of our pipeline to the usual tracking loop
	@OMP_NUM_THREADS=1 $(BIN)/python -m pipelines.bench $(ARGS)

bench-int8: setup ## set-up, then what the detector gains and loses as 8-bit integers
	@OMP_NUM_THREADS=1 $(BIN)/python -m pipelines.bench_int8 $(ARGS)

bench-loop: setup ## set-up, then what it takes to answer what is not known yet, from the question to the answer
	@$(BIN)/python -m cluster.bench_loop $(ARGS)

bench-store: setup ## set-up, then a store with DAYS=n days of 24,000 people: load, size, questions, retention
	@OMP_NUM_THREADS=1 $(BIN)/python -m cluster.bench_store --days $(or $(DAYS),2) $(ARGS)

setup: ## install what is missing; does nothing, quickly, when all is there
	@cluster/setup/system_packages.sh
	@cluster/setup/environment.sh "$(VENV)"

browser:
	@cluster/setup/browser.sh

constraints: setup ## write the versions in VENV down as those that everybody gets
	@{ sed -n '/^#/p' constraints.txt; $(BIN)/python -m pip freeze --exclude-editable; } > constraints.new
	@mv constraints.new constraints.txt

clean: ## remove what can be made again (VENV, caches, the demo's folder), never the state in .mall
	@rm -rf build dist demo runs *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -not -path "./$(VENV)/*" -prune -exec rm -rf {} +
	@! test -e "$(VENV)/mall-set-up" || rm -rf "$(VENV)"
