# A newcomer's targets make the environment themselves, once.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
READY_BENCH := $(VENV)/.ready-bench
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url

.PHONY: demo test test-long check bench lock format clean

demo: $(READY)
	$(BIN)/gleanin-sync demo

test: $(READY)
	$(BIN)/pytest -n 2 -m "not long" $(ARGS)

test-long: $(READY)   ## crash tests and other checks that take minutes
	$(BIN)/pytest -m long $(ARGS)

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@! grep -nE '://' requirements.lock requirements-dev.lock requirements-bench.lock || { echo "an address stands in a lock file"; exit 1; }

bench: $(READY_BENCH)
	$(BIN)/python -m bench $(ARGS)

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(BIN)/uv
	$(LOCK) pyproject.toml -o requirements.lock
	$(LOCK) pyproject.toml --group dev -o requirements-dev.lock
	$(LOCK) pyproject.toml --group dev --group bench -o requirements-bench.lock

$(BIN)/uv:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv

$(READY): $(BIN)/uv requirements-dev.lock pyproject.toml
	$(BIN)/uv pip install --quiet --require-hashes -r requirements-dev.lock
	$(BIN)/uv pip install --quiet --no-deps -e .
	touch $@

$(READY_BENCH): $(READY) requirements-bench.lock
	$(BIN)/uv pip install --quiet --require-hashes -r requirements-bench.lock
	touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
