# A newcomer's targets make the environment themselves, once.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
# --system-certs: trust the system's certificates, as pip does. Those that uv ships do not know the authority of a proxy
# with its own.
# Into this environment, whatever other one is active.
INSTALL_INTO := $(UV) pip install --system-certs --quiet --python
INSTALL := $(INSTALL_INTO) $(BIN)/python
# A pretalx server for the tests has an environment of its own: its dependencies are not ours.
PRETALX := .venv-pretalx
LOCK := $(UV) pip compile --system-certs --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url

HAS_CHROMIUM := { command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null
APT := DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=2 -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20
APT_INSTALL := test "$$(id -u)" = 0 && command -v apt-get && $(APT) update && $(APT) install --yes --no-install-recommends
APT_CHROMIUM := { $(APT_INSTALL) chromium fonts-liberation; } >/dev/null 2>&1
HAS_PGBOUNCER := { command -v pgbouncer || test -x /usr/sbin/pgbouncer; } >/dev/null
APT_PGBOUNCER := { $(APT_INSTALL) pgbouncer; } >/dev/null 2>&1

.PHONY: demo serve test test-pretalx test-long check bench pictures lock format clean

demo: $(VENV)/.ready
	$(BIN)/gleanin-sync demo

serve: $(VENV)/.ready   ## the product UI in a browser, with stand-ins of both services behind it
	$(BIN)/gleanin-sync serve --sandbox $(ARGS)

test: $(VENV)/.ready $(VENV)/.browser $(VENV)/.pgbouncer   ## all tests but those that take minutes
	$(BIN)/pytest -n 2 -rs -m "not long" $(ARGS)

test-pretalx: $(VENV)/.ready $(PRETALX)/.ready   ## the plug-in for pretalx against a pretalx server of its own
	@if test -e $(PRETALX)/.ready; then set -x; PRETALX_PYTHON=$(CURDIR)/$(PRETALX)/bin/python \
		$(BIN)/pytest -rs plugins/pretalx/tests/real $(ARGS); \
	else echo "SKIPPED: the tests with a pretalx server, since pretalx cannot be installed here."; fi

test-long: $(VENV)/.ready   ## crash tests and other checks that take minutes
	$(BIN)/pytest -n 4 -m long $(ARGS)

check: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd plugins/template && ../../$(BIN)/lint-imports
	cd plugins/sponsors && ../../$(BIN)/lint-imports
	cd plugins/pretalx && ../../$(BIN)/lint-imports
	@! grep -nE '://' requirements.lock requirements-dev.lock requirements-bench.lock requirements-pretalx.lock || { echo "an address stands in a lock file"; exit 1; }

bench: $(VENV)/.ready-bench
	$(BIN)/python -m bench $(ARGS)

pictures: $(VENV)/.ready $(VENV)/.browser   ## the README's pictures, from the running UI
	PYTHONPATH=. $(BIN)/python docs/take_pictures.py

format: $(VENV)/.ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(VENV)/.uv   ## resolve the dependencies anew
	$(LOCK) pyproject.toml -o requirements.lock
	$(LOCK) pyproject.toml --group dev -o requirements-dev.lock
	$(LOCK) pyproject.toml --group dev --group bench -o requirements-bench.lock
	$(LOCK) plugins/pretalx/tests/real/requirements.in -o requirements-pretalx.lock

# Stamps are touched last, so that a step that was cut off is done again.
$(VENV)/.uv:
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
	touch $@

$(VENV)/.ready: $(VENV)/.uv requirements-dev.lock pyproject.toml plugins/testkit/pyproject.toml plugins/pretalx/pyproject.toml
	$(INSTALL) --require-hashes -r requirements-dev.lock
	$(INSTALL) --no-deps --no-build-isolation -e . -e plugins/testkit -e plugins/pretalx
	touch $@

$(VENV)/.ready-bench: $(VENV)/.ready requirements-bench.lock
	$(INSTALL) --require-hashes -r requirements-bench.lock
	touch $@

# Without it, the reason is printed, its tests are skipped, and this is tried again the next time.
$(PRETALX)/.ready: $(VENV)/.uv requirements-pretalx.lock
	@$(PYTHON) -m venv --clear --without-pip $(PRETALX)
	@if $(INSTALL_INTO) $(PRETALX)/bin/python --require-hashes -r requirements-pretalx.lock; then touch $@; \
	else echo "pretalx cannot be installed here, for the reason above."; fi

# The browser tests drive Debian's Chromium. Not everybody may install it, or needs to: without it they are
# skipped, and this is tried again the next time. Servers that do not answer are not waited for.
$(VENV)/.browser: $(VENV)/.uv
	@if test -n "$$GLEANIN_SYNC_CHROMIUM" || $(HAS_CHROMIUM) || $(APT_CHROMIUM); then touch $@; \
	else echo "There is no Chromium, and apt-get cannot install it here: the browser tests are skipped."; fi

# Likewise the pooler that some tests put before PostgreSQL.
$(VENV)/.pgbouncer: $(VENV)/.uv
	@if $(HAS_PGBOUNCER) || $(APT_PGBOUNCER); then touch $@; \
	else echo "There is no PgBouncer, and apt-get cannot install it here: its tests are skipped."; fi

clean:
	rm -rf $(VENV) $(PRETALX) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
