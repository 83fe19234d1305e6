PYTHON ?= python3
BIN := .venv/bin
NPM := tools/player
JOURNAL ?= data/practice

.PHONY: review reports test quick test-slow newest oldest lab lint docs player browser bench bench-diarization bench-player bench-reports lock clean

review: .venv/installed
	@$(BIN)/therapy-review review --journal $(JOURNAL)

reports: .venv/installed
	@$(BIN)/therapy-review report --all --journal $(JOURNAL)

lab: .venv/installed
	@$(BIN)/therapy-review lab --journal $(JOURNAL)

# Half of the files on each of two cores; whoever is done first takes over from the other. A notebook's cells stay together.
test: .venv/installed-dev
	$(BIN)/python -m pytest -n auto --dist worksteal
	$(BIN)/python -m pytest -n auto --dist loadfile --nbval-lax notebooks

QUICK := $(addprefix tests/,charts/test_session.py consent \
  house/test_project.py house/test_rooms.py house/test_set_up.py importing/test_daylio.py importing/test_dates.py \
  $(patsubst %,journal/test_%.py,days letters marks notes scales shared_notes transcript) measures sound \
  storage/test_csv_text.py storage/test_plain.py test_wording.py trends turns)
# What is pure or nearly so, and asks something of every library: to try another Python, or other versions.
quick: .venv/installed-dev
	$(BIN)/python -m pytest -n auto --dist worksteal $(QUICK)

# What starts many kernels, clusters and programs that are killed: minutes more; and the oldest versions allowed.
test-slow: .venv/installed-dev oldest
	$(BIN)/python -m pytest -n auto --dist loadfile -m "slow and not browser"
	THOROUGH=1 $(BIN)/python -m pytest -n auto --dist worksteal -m "hypothesis and not slow and not browser"
	$(BIN)/python -m pytest -n auto --dist loadfile -m "slow and browser" --override-ini "norecursedirs=.venv .hypothesis" tests/browser

# A weekly look ahead, and how far our bounds reach back.
newest oldest: .venv/installed-dev
	$(BIN)/python tools/other_versions.py $@ --python $(PYTHON)

lint: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Pages of the documentation, into docs/_build/html: without a network, and with every warning an error.
docs: .venv/installed-dev
	$(BIN)/python -m sphinx -q -W --keep-going -b html -d docs/_build/doctrees docs docs/_build/html
	@echo "To read:  docs/_build/html/index.html"

# The player's page is bundled from player/src; what is committed must be what this makes.
# Its build lies where it reaches no other program: Node.js asks the package.json above what it runs, Jupyter's too.
player: $(NPM)/node_modules/.package-lock.json
	npm --prefix $(NPM) run -s build

$(NPM)/node_modules/.package-lock.json: $(NPM)/package.json $(NPM)/package-lock.json
	npm --prefix $(NPM) ci --silent
	touch $@

# They wait as much as they compute, so there are more of them than cores.
browser: .venv/installed-dev $(NPM)/node_modules/.package-lock.json
	$(BIN)/python -m pytest -n 3 --dist loadgroup -m "browser and not slow" --override-ini "norecursedirs=.venv .hypothesis" tests/browser

bench: .venv/installed-dev
	$(BIN)/python -m pytest -q benchmarks --benchmark-columns=min,median,max

bench-diarization: .venv/installed-dev
	$(BIN)/python -m benchmarks.diarization

bench-player: .venv/installed-dev
	$(BIN)/python -m benchmarks.player

bench-reports: .venv/installed-dev
	$(BIN)/python -m benchmarks.batch

UV := $(BIN)/uv
COMPILE := $(UV) --no-config pip compile -q --universal --generate-hashes --no-annotate --no-header --python-version 3.11

# What a client needs, what developers need beside it, and what both are installed with.
lock: .venv/installed-dev
	$(COMPILE) --upgrade --excludes tools/not_for_clients.txt pyproject.toml -o requirements.lock
	$(COMPILE) --upgrade --group dev -c requirements.lock pyproject.toml -o requirements-dev.lock
	$(COMPILE) --upgrade -c requirements-dev.lock tools/set_up.in -o tools/set_up.lock

.venv/installed: requirements.lock pyproject.toml tools/set_up.lock
	@$(PYTHON) tools/set_up.py
	@touch $@

.venv/installed-dev: .venv/installed requirements-dev.lock
	@$(PYTHON) tools/set_up.py dev
	@touch $@

clean:
	rm -rf .venv data/practice/reports data/practice/sessions/*/derived
