# Two commands for everybody: make live, make test. The rest is for those who build Mirrorstage.
.DEFAULT_GOAL := help
ARGS ?=

.PHONY: help setup live test test-long fuzz lint bench pictures assets clean
help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: ## install all that the product needs into .venv
	@tools/setup.sh live

live: setup ## go live: webcam or built-in performer -> http://127.0.0.1:8080 (ARGS="--source file:clip.mp4")
	@.venv/bin/mirrorstage live --open $(ARGS)

test: ## set up what the tests need and pass them
	@tools/setup.sh test
	@$(MAKE) --no-print-directory lint
	@.venv/bin/python -m pytest -q $(ARGS)

test-long: ## the tests that take minutes
	@tools/setup.sh test
	@.venv/bin/python -m pytest -q -m long --timeout 1800 $(ARGS)

fuzz: ## hostile avatar files for MINUTES (10)
	@tools/setup.sh test
	@.venv/bin/python -m tools.fuzz $(or $(MINUTES),10) $(ARGS)

lint: ## format, lint, types, import contracts
	@.venv/bin/ruff format --check -q .
	@.venv/bin/ruff check -q .
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-cache >/tmp/lint-imports.$$$$ 2>&1 || { cat /tmp/lint-imports.$$$$; rm -f /tmp/lint-imports.$$$$; exit 1; }; rm -f /tmp/lint-imports.$$$$

parity: ## our VRM runtime held against three-vrm's, a table (MIRRORSTAGE_ORACLES=FOLDER ARGS="AVATAR ...")
	@.venv/bin/python -m tools.parity $(ARGS)

bench: setup ## measure every stage on this machine
	@.venv/bin/mirrorstage bench $(ARGS)

pictures: setup ## the pictures of the README
	@.venv/bin/python -m tools.pictures

mtoon: ## our toon shading beside three-vrm's, avatar by avatar (ARGS="-o FOLDER")
	@tools/setup.sh test
	@.venv/bin/python -m tools.mtoon_report $(ARGS)

assets: ## rebuild the built-in host and stage (needs a C++ compiler once)
	@tools/setup.sh test
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/assets.lock
	@.venv/bin/python -m assets.build.mira
	@.venv/bin/python -m assets.build.studio
	@.venv/bin/python -m assets.build.greeting
	@.venv/bin/python -m assets.build.wave

clean: ## forget what was built here
	rm -rf .venv web/node_modules stream/web_dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
