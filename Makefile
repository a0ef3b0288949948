# Two commands matter: `make run` and `make test`. Everything they need is made here, in .venv and web/node_modules.
PORT ?= 8000
HOST ?= 127.0.0.1
PYTHON ?= python3
BIN := .venv/bin
WEB_SOURCES := $(shell find web/core web/editor -type f 2>/dev/null) web/vite.config.ts web/package.json web/tsconfig.json

.PHONY: run test bench bench-sync soak soak-faults lint format types wheel programs clean

run: .venv/.product server/client/index.html
	$(BIN)/maquette serve --host $(HOST) --port $(PORT)

test: programs .venv/.dev server/client/index.html
	cd web && npx vitest run
	$(BIN)/python -m pytest

bench: programs .venv/.bench server/client/index.html
	$(BIN)/python -m tests.benchmarks

bench-sync: programs .venv/.dev server/client/index.html
	$(BIN)/python -m tests.benchmarks.sync --page

soak: programs .venv/.dev server/client/index.html
	MAQUETTE_SOAK=1 $(BIN)/python -m pytest tests/random tests/scenarios tests/compute/peer -m "not browser"

soak-faults: programs .venv/.dev server/client/index.html
	@tests/support/programs.sh drills
	$(BIN)/python -m tests.drills

lint: .venv/.dev web/node_modules/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	cd web && npx biome check . && npx tsc --noEmit

format: .venv/.dev web/node_modules/.installed
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .
	cd web && npx biome check --write .

types: .venv/.dev
	$(BIN)/python -m crdt.typescript

wheel: .venv/.dev server/client/index.html
	$(BIN)/python -m build --wheel --no-isolation

programs:
	@tests/support/programs.sh test

.venv/.python:
	@tests/support/programs.sh run
	$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), "Maquette needs Python 3.11 or newer"'
	$(PYTHON) -m venv .venv
	touch $@

.venv/.product: .venv/.python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[compute]'
	touch $@

.venv/.dev: .venv/.python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[compute,postgres,tracing,dev]'
	touch .venv/.product $@

.venv/.bench: .venv/.dev
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[compute,postgres,tracing,dev,bench]'
	touch $@

web/node_modules/.installed: web/package.json web/package-lock.json
	cd web && npm ci --no-audit --no-fund --loglevel=error
	touch $@

server/client/index.html: web/node_modules/.installed $(WEB_SOURCES)
	cd web && npm run --silent build
	touch $@

clean:
	rm -rf .venv web/node_modules server/client dist build *.egg-info
