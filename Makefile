PYTHON ?= python3
BIN := .venv/bin
JOURNAL ?= data/practice
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: review reports test test-slow lab lint player browser bench bench-diarization bench-player bench-reports lock clean

review: .venv/installed
	$(BIN)/therapy-review review --journal $(JOURNAL)
	@echo "To open the workbook in JupyterLab:  make lab"

reports: .venv/installed
	$(BIN)/therapy-review report --all --journal $(JOURNAL)

lab: .venv/installed
	$(BIN)/therapy-review lab --journal $(JOURNAL)

# A file of tests at a time on each core.
test: .venv/installed-dev
	$(BIN)/python -m pytest -n auto --dist loadfile
	$(BIN)/python -m pytest -n auto --dist loadfile --nbval-lax notebooks

# What starts many kernels, clusters and programs that are killed: minutes more.
test-slow: .venv/installed-dev
	$(BIN)/python -m pytest -n auto --dist loadfile -m "slow and not browser"
	$(BIN)/python -m pytest -n auto --dist loadfile -m "slow and browser" --override-ini "norecursedirs=.venv .hypothesis" tests/browser

lint: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The player's page is bundled from player/src; what is committed must be what this makes.
player: node_modules/.package-lock.json
	npm run -s build

node_modules/.package-lock.json: package.json package-lock.json
	npm ci --silent
	touch $@

# They wait as much as they compute, so there are more of them than cores.
browser: .venv/installed-dev node_modules/.package-lock.json
	$(BIN)/python -m pytest -n 3 --dist loadgroup -m "browser and not slow" --override-ini "norecursedirs=.venv .hypothesis" tests/browser

bench: .venv/installed-dev
	$(BIN)/python -m pytest -q benchmarks --benchmark-columns=min,median,max

bench-diarization: .venv/installed-dev
	$(BIN)/python -m benchmarks.diarization

bench-player: .venv/installed-dev
	$(BIN)/python -m benchmarks.player

bench-reports: .venv/installed-dev
	$(BIN)/python -m benchmarks.batch

lock:
	uv pip compile -q --universal --generate-hashes --no-annotate --no-header --python-version 3.11 \
		pyproject.toml -o requirements.lock
	uv pip compile -q --universal --generate-hashes --no-annotate --no-header --python-version 3.11 \
		--group dev -c requirements.lock pyproject.toml -o requirements-dev.lock

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed.")'
	$(PYTHON) -m venv .venv

.venv/installed: .venv/bin/python requirements.lock pyproject.toml
	$(BIN)/python -m pip install --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --no-deps -e .
	touch $@

.venv/installed-dev: .venv/installed requirements-dev.lock
	$(BIN)/python -m pip install --require-hashes -r requirements-dev.lock
	touch $@

clean:
	rm -rf .venv data/practice/reports data/practice/sessions/*/derived
