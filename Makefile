# Run `make help` for the list. Every target works from a clean clone with Python 3.11+ and make alone.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
BIN    := .venv/bin
PY     := $(BIN)/python
KOMMO  := $(BIN)/kommo
SETUP  := .venv/.ready
CACHE  := .cache

contract_files := $(shell find openapi overlays -name '*.yaml' -not -path 'openapi/dist/*' 2>/dev/null)
published      := $(addprefix openapi/dist/kommo.,openapi.yaml openapi.json codegen.json) \
                  $(foreach platform,kommo amocrm,$(addprefix openapi/dist/profiles/$(platform).openapi.,yaml json))
template_files := generator_config.yml $(shell find generator_templates -type f 2>/dev/null)
python_files   := $(shell find src -name '*.py' -o -path 'src/*' -name '*.json' 2>/dev/null)
# tests/ is no input of the report: a changed test does not rerun the contract.
report_inputs  := $(contract_files) $(template_files) $(python_files) requirements.lock pyproject.toml

.DEFAULT_GOAL := all
.PHONY: all help setup bundle client exercised reference build lint types check test contract contract-live \
        contract-nightly mutation-score bench diff languages release-check site lock clean

all: $(CACHE)/report.txt ## set up, build the contract and the client, check both against the mock, report
	@cat $(CACHE)/report.txt

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(SETUP) ## create .venv from the lock file

$(SETUP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "make: $(PYTHON) is older than 3.11; say 'make PYTHON=/path/to/python3.11'" >&2; exit 2; }
	@echo "setting up .venv from requirements.lock ..."
	@test -x $(PY) || $(PYTHON) -m venv .venv
	@$(PY) -m pip install --quiet --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(PY) -m pip install --quiet --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

bundle: $(CACHE)/bundle.ready ## openapi/ + overlays/ -> openapi/dist/

# What is published stands among the prerequisites, so that an edited or missing file is made anew.
$(CACHE)/bundle.ready: $(SETUP) $(contract_files) $(wildcard src/kommo/spec/*.py) src/kommo/version.py $(published)
	@mkdir -p $(CACHE)
	@$(KOMMO) spec bundle
	@touch $@

$(published): ;

client: bundle ## openapi/dist/kommo.codegen.json + generator_templates/ -> generated_client/
	@$(KOMMO) spec client

exercised: $(SETUP) ## docs/data/: what the tests of the mock exercise
	@$(PY) tests/mock/exercise.py

reference: bundle ## overlays/README.md and docs/reference/
	@$(KOMMO) spec reference

build: client reference ## everything that is generated

$(CACHE)/report.txt: $(SETUP) $(report_inputs)
	@mkdir -p $(CACHE)
	@$(MAKE) --no-print-directory build
	@{ $(KOMMO) spec check && $(KOMMO) contract --report $(CACHE)/contract ; } > $@.new || { cat $@.new; exit 1; }
	@mv $@.new $@

contract: $(SETUP) ## the contract suite against the embedded mock
	@$(KOMMO) contract --report reports/contract

contract-live: $(SETUP) ## the contract suite against a live sandbox, read-only: BASE_URL=... with KOMMO_TOKEN set
	@test -n "$(BASE_URL)" || { echo "make contract-live: set BASE_URL=https://YOURS.kommo.com and KOMMO_TOKEN" >&2; exit 2; }
	@$(KOMMO) contract --live --base-url "$(BASE_URL)" --report reports/contract-live

contract-nightly: $(SETUP) ## the contract suite for long: five seeds, more examples; SEED=N repeats a night
	@$(KOMMO) contract --profile nightly --seed $(or $(SEED),$(shell date +%Y%m%d)) --report reports/contract-nightly

mutation-score: $(SETUP) ## share of the seeded faults that the contract suite finds
	@$(KOMMO) contract score

lint: $(SETUP) ## house rules of the contract, the style of the code, who may import whom
	@$(KOMMO) spec lint
	@$(BIN)/ruff check src tests examples bench
	@said=$$(PYTHONPATH=src:generated_client $(BIN)/lint-imports --no-cache --no-logo) || { echo "$$said" >&2; exit 1; }
	@$(BIN)/ruff format --check --quiet src tests examples bench

types: $(SETUP) ## mypy --strict and pyright
	@$(BIN)/mypy
	@$(BIN)/pyright

check: $(SETUP) lint types ## lint, types, and: is everything generated up to date?
	@$(KOMMO) spec check

test: $(SETUP) ## all tests
	@$(PY) -m pytest -n 2 --dist worksteal

bench: $(SETUP) ## ratios side by side; prints tables, asserts nothing
	@for file in bench/bench_*.py; do echo; echo "== $$file"; $(PY) $$file; done

diff: $(SETUP) ## what changed for callers since a tag, branch or commit: make diff BASE=v0.1.0
	@test -n "$(BASE)" || { echo "make diff: say since when, for instance: make diff BASE=HEAD~5" >&2; exit 2; }
	@$(KOMMO) release diff "$(BASE)"

# With COMPLETE=1 a step that cannot be carried out here, for want of data, counts as failed. ADVISORIES=DIR is such
# data: a checkout or dump of a database of advisories in the OSV format, for machines without a network.
release-check: $(SETUP) $(CACHE)/release/.ready ## build, install the wheel elsewhere, use it; version, licences, audit
	@$(KOMMO) release check --tools $(CACHE)/release/bin/python $(if $(COMPLETE),--complete) \
	  $(if $(ADVISORIES),--advisories "$(ADVISORIES)")

$(CACHE)/release/.ready: requirements-release.lock
	@test -x $(CACHE)/release/bin/python || $(PYTHON) -m venv $(CACHE)/release
	@$(CACHE)/release/bin/pip install --quiet --quiet --disable-pip-version-check --require-hashes -r requirements-release.lock
	@touch $@

languages: $(SETUP) $(CACHE)/languages/.ready bundle ## clients in other languages: generate, check, compile, run; try the importers
	@$(KOMMO) languages check --tools $(CACHE)/languages $(if $(KOMMO_CI),--complete)

$(CACHE)/languages/.ready: requirements-languages.lock src/kommo/languages/node/package-lock.json
	@command -v npm >/dev/null || { echo "make languages: there is no npm; install nodejs and npm" >&2; exit 2; }
	@test -x $(CACHE)/languages/python/bin/python || $(PYTHON) -m venv $(CACHE)/languages/python
	@$(CACHE)/languages/python/bin/pip install --quiet --quiet --disable-pip-version-check --require-hashes \
	  -r requirements-languages.lock
	@mkdir -p $(CACHE)/languages/node && cp src/kommo/languages/node/package*.json $(CACHE)/languages/node
	@cd $(CACHE)/languages/node && npm ci --loglevel=error --no-audit --no-fund \
	  --fetch-timeout=60000 --fetch-retries=2 >/dev/null
	@touch $@

site: $(CACHE)/site/.ready reference ## docs/ as a website in site/, every link checked
	@NO_MKDOCS_2_WARNING=1 $(CACHE)/site/bin/mkdocs build --quiet --strict
	@echo "site: site/index.html (its search wants a server: $(PYTHON) -m http.server -d site)"

$(CACHE)/site/.ready: requirements-site.lock
	@test -x $(CACHE)/site/bin/python || $(PYTHON) -m venv $(CACHE)/site
	@$(CACHE)/site/bin/pip install --quiet --quiet --disable-pip-version-check --require-hashes -r requirements-site.lock
	@touch $@

lock: ## requirements*.lock from pyproject.toml
	@test -x $(CACHE)/lock/bin/uv || { $(PYTHON) -m venv $(CACHE)/lock && $(CACHE)/lock/bin/pip install --quiet uv; }
	@lock() { $(CACHE)/lock/bin/uv pip compile "$$@" --universal --python-version 3.11 --generate-hashes --no-header \
	    --quiet --upgrade ; }; \
	  lock pyproject.toml --extra dev --extra bench -o requirements.lock; \
	  sed -n 's/^release = \[\(.*\)\]/\1/p' pyproject.toml | tr -d '",' | tr ' ' '\n' | lock - -o requirements-release.lock; \
	  sed -n 's/^languages = \[\(.*\)\]$$/\1/p' pyproject.toml | tr -d '"' | lock - -o requirements-languages.lock; \
	  sed -n 's/^site = \[\(.*\)\]$$/\1/p' pyproject.toml | tr -d '"' | lock - -o requirements-site.lock

clean: ## remove what is neither checked in nor installed
	@rm -rf $(CACHE) reports site .mypy_cache .ruff_cache .hypothesis
