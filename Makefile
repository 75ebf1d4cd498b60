# `make run` and `make test` work on a fresh machine with Python 3.11 and make.
# ARGS adds to the command: make run ARGS="--bind 127.0.0.1:8001", make test ARGS="-k stream".

PY := .venv/bin/python
PYTEST := .venv/bin/pytest
ARGS ?=

.PHONY: help run test check test-postgres test-browser bench contract chaos chaos-mirror screenshots lock clean setup dev

help:
	@echo "make run            the console on http://127.0.0.1:8000; the demo when nothing is configured"
	@echo "make test           the tests, on SQLite; what needs more says so when it is missing"
	@echo "make check          ruff, mypy and the import rules"
	@echo "make test-postgres  the tests, on a PostgreSQL started for them"
	@echo "make test-browser   the journeys in Chromium"
	@echo "make bench contract chaos chaos-mirror screenshots lock clean"

setup:
	@scripts/setup.sh requirements.lock

dev:
	@scripts/setup.sh requirements-dev.lock

run: setup
	@exec $(PY) manage.py run $(ARGS)

test: dev
	$(PYTEST) -n auto $(ARGS)
	@scripts/with-postgres.sh sh -c '$(PYTEST) -q -m postgres || [ $$? = 5 ]'  # 5: there are none

check: dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy chatops tests bench manage.py
	$(PYTEST) -q tests/test_layers.py
	$(PY) manage.py makemigrations --check --dry-run

# What keeps no rows, and what is about the words on a page, is the same beside every database:
# `make test` tries it.
ALIKE := superoffice demo test_layers.py test_readme.py test_contract_table.py \
    test_no_secret_shows.py console/test_hostile.py console/test_hostile_pages.py console/test_hostile_exports.py

test-postgres: dev
	@scripts/with-postgres.sh $(PYTEST) -n auto -m "not sqlite and not browser" $(ALIKE:%=--ignore=tests/%) $(ARGS)

test-browser: dev
	$(PYTEST) -m browser $(ARGS)

bench: dev
	$(PY) -m bench $(ARGS)

contract: dev
	$(PY) -m tests.contract $(ARGS)

chaos: dev
	$(PY) -m tests.chaos $(ARGS)

chaos-mirror: dev
	$(PY) -m tests.sync.chaos $(ARGS)

screenshots: dev
	$(PY) -m tests.browser.screenshots $(or $(ARGS),var/screenshots)

lock:
	@scripts/lock.sh $(ARGS)

# Leaves var/ alone: the database and its keys are in it.
clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find chatops tests -name __pycache__ -type d -prune -exec rm -rf {} +
