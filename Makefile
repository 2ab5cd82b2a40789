# make demo   a real capture through mitmdump in front of the simulator, then its log
# make test   all checks, and all tests but the slow ones (four minutes on two cores)
# make test-slow the others: kills, full disks, browsers, large messages (four minutes)
# make test-spark the tests of decoding by Spark (installs the extra; needs Java 17)
# make stress what takes longer: kill loops, long fuzzing, chaos (XENTARA_CHAOS_SECONDS, 180 unless told)
#
# PYTHON chooses the interpreter (3.11 or newer), VENV where the environment goes.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
# Without bytecode each of the thousands of processes that tests start would compile all again.
unexport PYTHONDONTWRITEBYTECODE
.PHONY: help demo test test-slow test-spark lint stress bench samples docs clean

help:
	@sed -n 's/^# //p' Makefile

$(STAMP): pyproject.toml
	@echo "Installing into $(VENV), once; this may take two minutes."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[health,lake,otlp,plot,web]' --group dev
	@touch $@

demo: $(STAMP)
	$(BIN)/xentara-inspect demo

lint: $(STAMP)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

 # Indexers give way to all else; beside tests that do not they would starve.
LAST := nice -n 19
TESTS := $(LAST) $(BIN)/pytest -n 4 --dist worksteal --reruns 1 --rerun-show-tracebacks

test: lint
	$(TESTS) -m 'not slow and not stress and not spark'

test-slow: $(STAMP)
	$(TESTS) -m 'slow and not stress'

test-spark: $(STAMP)
	@java -version 2>&1 | grep -Eq 'version "(1[7-9]|[2-9][0-9])' || { echo 'Spark needs Java 17: none is here' >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[spark]'
	$(BIN)/pytest -m spark tests/spark

stress: $(STAMP)
	$(LAST) $(BIN)/pytest -m stress -n 2 --dist worksteal --timeout 3600

docs: $(STAMP)
	$(BIN)/python docs/make.py --write

bench: $(STAMP)
	$(BIN)/python -m benchmarks.notation
	$(BIN)/python -m benchmarks.importing
	$(BIN)/python -m benchmarks.exporting
	$(BIN)/python -m benchmarks.size
	$(BIN)/python -m benchmarks.queries
	$(BIN)/python -m benchmarks.diffing
	$(BIN)/python -m benchmarks.throughput

samples: $(STAMP)
	$(BIN)/python sample_captures/make.py

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build
