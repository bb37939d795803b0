# make demo    install into .venv and run examples/01, from the electron model to a measured skyrmion velocity
# make test    install into .venv and run the tests (fast ones); make slow runs the long physics tests
# make check   everything that CI runs: tests, slow tests, lint, types, import contract

PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test slow lint types contract check clean

.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	touch $@

demo: .venv/installed
	$(BIN)/llgsim run examples/01_skyrmion_film/case.toml --output runs/demo --overwrite

test: .venv/installed
	$(BIN)/python -m pytest

slow: .venv/installed
	$(BIN)/python -m pytest -m slow

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/installed
	$(BIN)/mypy

contract: .venv/installed
	$(BIN)/lint-imports

check: lint types contract test slow

clean:
	rm -rf .venv runs build *.egg-info .mypy_cache .pytest_cache .ruff_cache
