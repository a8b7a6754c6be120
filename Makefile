# `make serve` and `make test` each do all their own set-up; nothing else is needed than Python 3.11 or newer.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python -m
DEV := $(VENV)/.dev

.PHONY: serve test prove bench size states tree coverage lock clean

$(VENV)/.runtime: requirements.lock
	$(PYTHON) -m venv $(VENV)
	$(RUN) pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	touch $@

$(DEV): requirements-dev.lock
	$(PYTHON) -m venv $(VENV)
	$(RUN) pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $(VENV)/.runtime $@

serve: $(VENV)/.runtime
	$(RUN) crossdock serve --demo

test: $(DEV)
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy
	$(VENV)/bin/lint-imports
	$(RUN) pytest -n 2

prove: $(DEV)
	CROSSDOCK_TEST_PROFILE=prove $(RUN) pytest -n 2 -m "prove or not prove"

bench: $(DEV)
	$(RUN) bench
	$(RUN) bench.delivery

size: $(DEV)
	$(RUN) bench.size

states: $(DEV)
	$(RUN) docs.draw_states

tree: $(DEV)
	$(RUN) docs.draw_tree

coverage: $(DEV)
	$(RUN) docs.draw_coverage

lock: $(DEV)
	$(RUN) pip install --quiet uv
	$(VENV)/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header --quiet pyproject.toml -o requirements.lock
	$(VENV)/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header --quiet --extra dev pyproject.toml -o requirements-dev.lock

clean:
	rm -rf $(VENV) data
