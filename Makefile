# Needs Python 3.11 or newer and make; all else comes into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/uv pip install --quiet --python $(VENV) --editable '.[all]' --group

# The question reaches the demo as it is, whatever quotes and dollars are in it.
override ASK := $(value ASK)
export ASK

# Thirty filters for each set of records, in hashes and in JSON, learnt and declared.
EXAMPLES ?= 170
SEED := $(or $(SEED),$(shell od -An -N4 -tu4 /dev/urandom | tr -d ' '))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test fuzz check bench docs build format clean

help: ## Say what there is to make
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/.demo ## Ask Python's standard library in plain words; ASK="..." asks your own question
	@$(BIN)/python examples/demo.py

test: $(VENV)/.test ## Run the whole suite; on the Redis of REDIS_URL if that is set; ARGS="-k filter" goes to pytest
	@$(BIN)/python -m pytest tests integration_tests $(ARGS)

fuzz: $(VENV)/.test ## Compare 20,000 random filters with their meaning in plain Python; SEED=7 repeats a run
	@echo "SEED=$(SEED)"
	@CONGRUENCE_EXAMPLES=$(EXAMPLES) $(BIN)/python -m pytest -q --hypothesis-seed=$(SEED) integration_tests/core/filters/test_congruence.py

check: $(VENV)/.dev ## Lint, check the format, the types and the dependency rules
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports

bench: $(VENV)/.bench ## Measure our time over that of the raw command and of the incumbents
	@$(BIN)/python -m benchmarks.compare

docs: $(VENV)/.docs ## Build the documentation site into site, and refuse a link that leads nowhere
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet
	@echo site/index.html

build: $(VENV)/.uv ## Build the wheel and the source distribution into dist
	@$(BIN)/uv build --quiet --python $(BIN)/python --clear
	@ls dist

format: $(VENV)/.dev ## Format the code, and mend what the linter can mend
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

clean: ## Remove what was made
	rm -rf .bench .venv .venv-lowest build dist site .benchmarks .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.uv:
	@echo 'Making $(VENV)' >&2
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@touch $@

# One stamp for each dependency group: the demo does not wait for the linters.
$(VENV)/.%: $(VENV)/.uv pyproject.toml
	@echo 'Installing what the $* needs into $(VENV)' >&2
	@$(INSTALL) $*
	@touch $@
