# Two commands on a fresh machine: `make demo` runs the main job, `make test` passes the tests.
# Each installs what it needs into .venv (and .foreign for clients that are not ours).

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
PYTEST_ARGS ?=

# The demo and the tests start many processes: what one has compiled is there for the next.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install demo serve test check domain bench screenshots mutants attacks soak docs lock clean

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 18

$(READY): pyproject.toml requirements/dev.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $(READY)

install: $(READY) ## install everything into .venv

demo: $(READY) ## run the whole loop once, then leave it up (CHECK=1: exit instead; GATEWAY=stripe_platform)
	$(BIN)/python examples/demo.py $(if $(CHECK),--check) $(if $(GATEWAY),--gateway $(GATEWAY))

serve: $(READY) ## run the billing server on http://127.0.0.1:9000 with the demo catalogue
	$(BIN)/billing-sdk serve --port 9000 --seed demo

check: $(READY) ## format check, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --config importlinter.ini --no-cache

test: check ## everything that .ci/run asks for
	sh scripts/browser.sh
	sh scripts/foreign.sh
	$(BIN)/pytest --numprocesses 2 --dist worksteal $(PYTEST_ARGS)

domain: $(READY) ## the pure rules alone: their contract and their unit suite
	$(BIN)/lint-imports --config importlinter.ini --no-cache
	$(BIN)/pytest -n0 tests/unit/domain tests/unit/test_source_rules.py

bench: $(READY) ## print the figures of docs/benchmarks.md
	$(BIN)/python -m benchmarks

screenshots: $(READY) ## take a picture of every page (ONLY="--page invoice --width 390")
	sh scripts/browser.sh
	$(BIN)/python scripts/screenshots.py $(ONLY)

mutants: $(READY) ## break each defence on purpose; a test has to turn red (ONLY="name ...")
	$(BIN)/python scripts/mutants.py $(if $(ONLY),--only $(ONLY))

attacks: $(READY) ## twelve attacks on two SDKs, side by side
	sh scripts/foreign.sh
	$(BIN)/python scripts/twelve_attacks.py

soak: $(READY) ## the long proofs (NAMES="dispatcher_isolation ..." SCALE=0.1)
	sh scripts/soak_tools.sh
	$(BIN)/python -m soak $(NAMES) --scale $(or $(SCALE),1)

docs: $(READY) ## build the documentation into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

lock: ## pin the dependencies again (needs uv)
	sh scripts/lock.sh

clean: ## remove what the other targets made
	rm -rf .venv .foreign site dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
