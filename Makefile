# Everything runs in .venv, which is made from pinned versions and hashes.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: help demo test lint format bench pins clean

help:  ## list these targets
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/'

$(READY): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Sealift needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Say which one to use: make PYTHON=python3.12 ...")'
	@echo "Making .venv and installing the pinned packages (about a minute) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY)  ## the main job, in front of your eyes
	@$(BIN)/sealift demo

test: $(READY)  ## the whole suite
	$(BIN)/python -m pytest -n 2 $(ARGS)

lint: $(READY)  ## style, types, and which room may import which
	$(BIN)/ruff check src tests bench
	$(BIN)/ruff format --check src tests bench
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(READY)  ## let ruff format everything
	$(BIN)/ruff check --fix src tests bench
	$(BIN)/ruff format src tests bench

bench: $(READY)  ## Sealift beside s5cmd and rclone
	$(BIN)/python -m bench $(ARGS)

PIN := uv pip compile --generate-hashes --no-emit-index-url --no-header --quiet
IMAGE := --universal --no-annotate --python-version 3.13 --constraints requirements/dev.txt

pins:  ## work out the pinned versions anew, for this checkout and for the images (needs uv)
	$(PIN) --universal --python-version 3.11 requirements/dev.in -o requirements/dev.txt
	$(PIN) $(IMAGE) --extra zstd --extra schema --extra listener --extra presigned pyproject.toml -o packaging/docker/agent.txt
	$(PIN) $(IMAGE) --extra presigner --extra jwt pyproject.toml -o packaging/docker/presigner.txt
	echo 'hatchling==1.33.0' | $(PIN) $(IMAGE) - -o packaging/docker/build.txt

clean:  ## remove what the targets above made
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
