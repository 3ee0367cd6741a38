# You need Python 3.11 or newer, make, and access to PyPI; for the tests and the artifact also Python 3.13.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet
PHOTO  ?=

# Refuse variables in lowercase: `make run photo=cat.jpg` would run without the photo.
LOWERCASE := $(foreach letter,a b c d e f g h i j k l m n o p q r s t u v w x y z,$(letter)%)
UNKNOWN   := $(foreach name,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $(name)))),$(filter $(LOWERCASE),$(name))))
$(foreach name,$(UNKNOWN),$(error There is no variable $(name): use $(shell echo $(name) | tr a-z A-Z)))

.DEFAULT_GOAL := help
.PHONY: help run test test-fast test-long check format lock clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

# The environment for the tests also contains everything that `make run` needs.
LOCAL := $(if $(wildcard $(VENV)/dev.ready),$(VENV)/dev.ready,$(VENV)/local.ready)

run: $(LOCAL) ## Resize sample images, or PHOTO=path, in the local service and print the renditions
	@$(BIN)/resizer demo $(if $(PHOTO),"$(PHOTO)")

include stack.mk

# One process per core, and one more, because some tests wait for servers. The tests of a file run in the same process;
# tests/conftest.py sets the order of the files.
PROCESSES := $(shell echo $$(($$(getconf _NPROCESSORS_ONLN) + 1)))
PARALLEL  := --numprocesses=$(PROCESSES) --maxprocesses=8 --dist=loadfile --no-loadscope-reorder

# Tests start Python hundreds of times, which is faster with bytecode, so ignore this variable of the shell.
test test-fast test-long: export PYTHONDONTWRITEBYTECODE :=

test: lambda-python $(VENV)/dev.ready $(BUILT) $(RUNTIME)/ready ## Run all tests, or those in TESTS=path
	$(BIN)/python -m pytest $(PARALLEL) $(TESTS)

test-fast: $(VENV)/dev.ready ## Run the fast tests in about a minute on two idle cores, or those in TESTS=path
	$(BIN)/python -m pytest $(PARALLEL) -m "not slow" $(TESTS)

# With several processes pytest does not name a path that is missing.
MISSING := $(shell for path in $(TESTS); do case $$path in (-*) break;; esac; test -e "$${path%%::*}" || echo "$$path"; done)
$(foreach path,$(MISSING),$(error TESTS=$(path): no such file or folder))

test-long: $(VENV)/dev.ready ## Run the ordering model with thousands of examples, and 2,000 images while requests fail (15 minutes)
	RESIZER_MODEL_EXAMPLES=2000 RESIZER_MODEL_SEEDS=20000 RESIZER_MODEL_MOTO_SEEDS=200 RESIZER_MANY_IMAGES=2000 \
	  $(BIN)/python -m pytest -s tests/store/test_ordering_model.py tests/hostile/test_many_images.py

check: $(VENV)/dev.ready ## Check lint, formatting, types and the template
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/cfn-lint template.yaml

format: $(VENV)/dev.ready ## Format the code, and fix lint where ruff can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(VENV)/dev.ready ## Update all pinned dependencies, with hashes
	for extra in "" "--extra local requirements/build.in" "--extra dev requirements/build.in"; do \
	  name=$$(echo $$extra | sed -E 's/--extra ([a-z]+).*/\1/'); \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --upgrade \
	    pyproject.toml $$extra --output-file requirements/$${name:-runtime}.txt; \
	done
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --upgrade \
	  --constraint requirements/dev.txt pyproject.toml --extra dev requirements/build.in requirements/bench.in \
	  --output-file requirements/bench.txt
	for name in stack interface heic uv checking; do \
	  $(BIN)/uv pip compile --quiet --universal --python-version $$(case $$name in stack|uv|checking) echo 3.11;; *) echo 3.13;; esac) \
	    $$([ $$name = heic ] && echo --no-deps) --generate-hashes --no-header --upgrade \
	    requirements/$$name.in --output-file requirements/$$name.txt; \
	done

clean: ## Remove everything that make has created
	rm -rf $(VENV) $(STACK) $(RUNTIME) .aws-sam build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .benchmarks
	rm -rf *.egg-info bench/report.* bench/peers/sharp/node_modules tests/docs/npm/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/%.ready: requirements/%.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing requirements/$*.txt into $(VENV) (once, about a minute) ..."
	@$(PIP) install --require-hashes -r requirements/$*.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

# Debian's python3 has no ensurepip, but its pip can install pip into the environment.
$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Resizer needs Python 3.11 or newer; set PYTHON=")'
	@mkdir -p $(VENV) 2>/dev/null || { echo "You cannot write to $(CURDIR): use your own checkout." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) 2>/dev/null \
	  || { $(PYTHON) -m venv --clear --without-pip $(VENV) && $(PYTHON) -m pip --python $(VENV)/bin/python install --quiet pip; } \
	  || { rm -rf $(VENV); echo "This Python has neither ensurepip nor pip: apt install python3-venv, or set PYTHON=" >&2; exit 1; }

include bench/bench.mk
