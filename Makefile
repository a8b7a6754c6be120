# `make serve` and `make test` each do all their own set-up; they need Python 3.11 or newer with venv, and a package index.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python -m
DEV := $(VENV)/.dev
AUDIT := .venv-audit
PIP := $(RUN) pip install --quiet --disable-pip-version-check --require-hashes

.PHONY: serve test prove bench soak size size10 states tree coverage wheel audit lock clean python

# The command `crossdock` runs the code of this folder from any folder; the .pth file puts it on Python's path.
define COMMAND
echo "$(CURDIR)" > "$$($(VENV)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/crossdock.pth"
printf '#!/bin/sh\nexec "%s/$(VENV)/bin/python" -m crossdock "$$@"\n' "$(CURDIR)" > $(VENV)/bin/crossdock
chmod +x $(VENV)/bin/crossdock
endef

$(VENV)/.runtime: requirements.lock | python
	@echo "Installing Crossdock's packages into $(VENV); this takes some 15 seconds ..."
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) -r requirements.lock
	@$(COMMAND)
	@touch $@

$(DEV): requirements-dev.lock | python
	@echo "Installing Crossdock's packages and those of its tests into $(VENV); this takes some 40 seconds ..."
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) -r requirements-dev.lock
	@$(COMMAND)
	@touch $(VENV)/.runtime $@

# One line for what pip and venv would explain in many.
python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	|| { echo "Crossdock needs Python 3.11 or newer. Name one: make serve PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	|| { echo "This Python has no venv. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }

serve: $(VENV)/.runtime
	$(RUN) crossdock serve --demo

test: $(DEV)
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy
	$(VENV)/bin/lint-imports
	$(RUN) pytest -n 3  # a third of the time is waiting

prove: $(DEV)
	CROSSDOCK_TEST_PROFILE=prove $(RUN) pytest -n 2 -m "prove or not prove"

# Each bench writes bench/figures/NAME.json when it has ended; bench.page writes bench/README.md of them.
bench: $(DEV)
	@echo "This takes about 25 minutes; use the machine for nothing else meanwhile."
	$(RUN) bench
	$(RUN) bench.worker --rounds 3 --long 30
	$(RUN) bench.delivery
	$(RUN) bench.scaling
	$(RUN) bench.stock
	$(RUN) bench.cost
	$(RUN) bench.copying --orders 20000
	$(RUN) bench.webhooks
	$(RUN) bench.page

soak: $(DEV)
	@echo "This takes about 75 minutes; use the machine for nothing else meanwhile."
	$(RUN) bench.soak --engine sqlite
	$(RUN) bench.soak --engine postgresql
	$(RUN) bench.page

size: $(DEV)
	@echo "This takes about half an hour and 9 GB of disk."
	$(RUN) bench.size --engine sqlite
	$(RUN) bench.size --engine postgresql
	$(RUN) bench.page

size10: $(DEV)
	@echo "This takes about two and a half hours and 85 GB of disk, in the folder TMPDIR or else /tmp."
	$(RUN) bench.size --engine sqlite --orders 10000000
	$(RUN) bench.size --engine postgresql --orders 10000000
	$(RUN) bench.page

states: $(DEV)
	$(RUN) docs.draw_states

tree: $(DEV)
	$(RUN) docs.draw_tree

coverage: $(DEV)
	$(RUN) docs.draw_coverage

# The package as it is published, in dist/.
wheel: $(DEV)
	rm -rf dist
	$(RUN) pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist .
	@ls dist

# Known vulnerabilities of the locked packages. It asks an advisory database on the internet, so no test depends on it.
audit: | python
	@$(PYTHON) -m venv $(AUDIT)
	@$(AUDIT)/bin/python -m pip install --quiet --disable-pip-version-check pip-audit
	$(AUDIT)/bin/pip-audit --strict --require-hashes --disable-pip --progress-spinner off -r requirements.lock
	$(AUDIT)/bin/pip-audit --strict --require-hashes --disable-pip --progress-spinner off -r requirements-dev.lock

lock: $(DEV)
	$(RUN) pip install --quiet uv
	$(VENV)/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header --quiet pyproject.toml -o requirements.lock
	$(VENV)/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header --quiet --extra dev pyproject.toml -o requirements-dev.lock

clean:
	rm -rf $(VENV) $(AUDIT) data dist
