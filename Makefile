# The commands of Chorus; `make` alone lists them. They need Python 3.11 or newer with venv, and build .venv from the lock.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory --no-builtin-rules
# What Python compiles is kept: the tests start it dozens of times, and half of a start is compiling.
unexport PYTHONDONTWRITEBYTECODE

# The first Python that is new enough, or the one you name: make dev PYTHON=/path/to/python3.12
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$python; exit; }; done; echo python3)

PROBLEM = $(shell \
	$(PYTHON) -c 'pass' 2>/dev/null || { echo "Chorus needs Python 3.11 or newer, and $(PYTHON) does not run here: install it, or name one: make dev PYTHON=/path/to/python3.11"; exit; }; \
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Chorus needs Python 3.11 or newer, and $(PYTHON) is `$(PYTHON) --version 2>&1`: install a newer one, or name it: make dev PYTHON=/path/to/python3.11"; exit; }; \
	$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || echo "Chorus needs the venv module of $(PYTHON), which is not installed: on Debian and Ubuntu, apt-get install python3-venv")

PIP = .venv/bin/python -m pip --disable-pip-version-check --no-input -qq

.PHONY: help
help:  ## List these commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1@\2/p' $(MAKEFILE_LIST) | awk -F@ '{ printf "%-20s %s\n", $$1, $$2 }'

.venv/.made:
	$(if $(PROBLEM),$(error $(PROBLEM)))
	@echo "Building .venv with $(PYTHON); the first time takes a minute."
	@rm -rf .venv
	@$(PYTHON) -m venv .venv
	@touch $@

# pip is told of nothing but the lock: the hash decides, wherever the file comes from. Python compiles what it imports;
# pip would compile everything beforehand, which is almost half of its time.
.venv/.dev: .venv/.made requirements-dev.txt pyproject.toml
	@$(PIP) install --no-compile --no-deps --require-hashes -r requirements-dev.txt
	@$(PIP) install --no-compile --no-deps --no-build-isolation -e .
	@touch $@

.venv/.check: .venv/.dev requirements-check.txt
	@$(PIP) install --no-compile --no-deps --require-hashes -r requirements-check.txt
	@touch $@

.PHONY: dev
dev: .venv/.dev  ## Start everything: Postgres, a sample world, live activity, the API on http://127.0.0.1:8000
	@exec .venv/bin/chorus dev

.PHONY: test
test: .venv/.check  ## Prove everything: the whole suite on a Postgres of its own (TESTS=tests/dev for a part)
	@.venv/bin/pytest -n 2 --dist loadscope $(TESTS)

.PHONY: test-browser
test-browser: .venv/.check  ## Prove GraphiQL in a real browser (needs Debian's chromium)
	@command -v chromium >/dev/null || { echo "Not run: the browser tests need chromium: on Debian, apt-get install chromium"; exit 1; }
	@.venv/bin/pytest tests/browser/browser_graphiql.py

.PHONY: faults
faults: .venv/.check  ## Survive kills, late commits, jumping clocks and 10,000 sockets that come back, at full size (fifteen minutes)
	@CHORUS_TEST_LONG=1 .venv/bin/pytest -s tests/faults

.PHONY: fresh
fresh:  ## Prove the two commands on a fresh clone of HEAD, after kill -9 too (ten minutes)
	$(if $(PROBLEM),$(error $(PROBLEM)))
	@$(PYTHON) -m tests.fresh

CLIENTS = tests/clients/node_modules/.package-lock.json

$(CLIENTS): tests/clients/package-lock.json
	@cd tests/clients && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: clients
clients:
	@{ node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' && command -v npm; } >/dev/null 2>&1 \
		|| { echo "Not run: the tests of the clients need Node 20 or newer, with npm"; exit 1; }
	@$(MAKE) -s $(CLIENTS) || { echo "Not run: npm did not install the clients"; exit 1; }

.PHONY: test-clients
test-clients: .venv/.check clients  ## Prove urql, Apollo Client and Relay on a real server (needs Node 20 or newer, with npm)
	@.venv/bin/pytest tests/clients/npm_clients.py

.PHONY: check
check: .venv/.check  ## Lint, types, import rule, SDL and migrations
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/pytest -q tests/test_imports.py tests/test_packaging.py tests/db/test_migrations.py
	@.venv/bin/chorus sdl --check

.PHONY: explain
explain: .venv/.dev  ## Show what each read costs on the large world
	@.venv/bin/chorus explain-reads

.PHONY: bench
bench: .venv/.check  ## Measure Chorus beside servers that answer the same (needs wrk; BENCH="Q1 --rounds 5" for a part)
	@.venv/bin/python -m bench $(BENCH)

.PHONY: bench-peers
bench-peers: .venv/.check  ## The same with Mercurius and PostGraphile, from npm
	@command -v npm >/dev/null || { echo "Not run: the peers need npm: on Debian, apt-get install npm"; exit 1; }
	@$(MAKE) bench/peers/node_modules/.made
	@.venv/bin/python -m bench --peers $(BENCH)

bench/peers/node_modules/.made: bench/peers/package-lock.json
	@cd bench/peers && npm ci --silent
	@touch $@

.PHONY: lock
lock:  ## Write the lock again after a change of pyproject.toml (needs uv; UPGRADE=1 takes newer versions)
	$(if $(shell command -v uv),,$(error make lock needs uv: pipx install uv))
	@$(call locked,requirements-check.txt,--extra dev-world --extra check)
	@$(call locked,requirements-dev.txt,--extra dev-world --constraints requirements-check.txt)
	@$(call locked,requirements.txt,--constraints requirements-check.txt)

locked = uv pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes --no-annotate \
	--custom-compile-command 'make lock' $(if $(UPGRADE),--upgrade) pyproject.toml $(2) --output-file $(1)

.PHONY: clean
clean:  ## Remove .venv and caches; the world under .chorus stays
	@rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@rm -rf tests/clients/node_modules tests/clients/generated tests/clients/relay/__generated__ tests/clients/relay/Every.js
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
