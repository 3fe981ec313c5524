# TheWay. `make` alone lists what can be done. Needs Python 3.11 or newer and nothing else.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
PYTHON := $(VENV)/bin/python
# An environment is as good as the lock it was made from: the stamp carries the lock's digest,
# so an unchanged lock installs nothing and a changed one always does.
digest = $(shell cksum $(1) | tr ' ' '-' | cut -d- -f1,2)
RUN_STAMP := $(VENV)/.installed-$(call digest,requirements.lock)
DEV_STAMP := $(VENV)/.installed-dev-$(call digest,requirements-dev.lock)
PIP := $(PYTHON) -m pip --disable-pip-version-check --no-input

# Where the trainer's child process runs: torch in an environment of its own.
TRAINING_VENV := .venv-diffusers
TORCH ?= torch==2.13.0
TORCH_INDEX ?=
TRAINING_PIP := $(TRAINING_VENV)/bin/python -m pip --disable-pip-version-check --no-input
TRAINING_STAMP := $(TRAINING_VENV)/.installed-training-$(call digest,requirements-training.lock)

.PHONY: help setup setup-training test-training run operator demo test check sbom audit live chaos bench-monitor bench-live bench-ingest bench-hostile bench-colours bench-coach bench-archives bench-uploads bench-parts bench-dataset bench-slow-readers bench-deletion bench-spending bench-enumeration prove-training bench-orphans bench-train format lint types layers lock

help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 15

setup: $(RUN_STAMP) ## Make .venv and install what running needs

setup-training: $(TRAINING_STAMP) ## Make .venv-diffusers, what real training needs: 1.5 GB, with a card 6; TORCH_INDEX=URL

run: setup ## Start everything; PORT=8000, TRAINER_PORT=8100; EMULATORS=1 with Replicate and fal, emulated
	@exec $(PYTHON) $(if $(EMULATORS),-m emulators $(PYTHON)) manage.py up

operator: setup ## Make an operator: an account that may open /admin/
	@$(PYTHON) manage.py migrate --verbosity 0
	@$(PYTHON) manage.py createsuperuser

demo: setup ## The whole journey in a throw-away installation; PHOTOS=folder uses your own
	@exec $(PYTHON) manage.py demo $(if $(PHOTOS),--photos "$(PHOTOS)")

test: $(DEV_STAMP) ## Run the tests; T=path picks some
	@.ci/services
	@$(PYTHON) -m pytest -n auto $(T)

test-training: $(DEV_STAMP) $(TRAINING_STAMP) ## Train tiny random models of every family, in processes of their own
	@OMP_NUM_THREADS=1 TRAINING_PYTHON=$(TRAINING_VENV)/bin/python \
		$(PYTHON) -m pytest -m training tests/training_engine $(if $(T),-k "$(T)")

live: $(DEV_STAMP) ## Ask the real services what they can do now; needs their keys, costs nothing
	@$(PYTHON) -m pytest -m live

check: $(DEV_STAMP) ## Format, lint, types, layers, migrations, configuration
	@$(PYTHON) -m ruff format --check .
	@$(MAKE) --no-print-directory lint types layers
	@$(PYTHON) manage.py makemigrations --check --dry-run
	@PUBLIC_URL=https://example.org EMAIL_URL=smtp://localhost $(PYTHON) manage.py check --deploy --fail-level WARNING

sbom: $(DEV_STAMP) ## List what runs, as locked, in CycloneDX JSON; SBOM=build/sbom.cdx.json
	@PYTHON=$(PYTHON) .ci/sbom $(or $(SBOM),build/sbom.cdx.json)

audit: $(DEV_STAMP) ## Look what is locked up for known advisories; skipped by name without network
	@$(PYTHON) .ci/audit.py

chaos: $(DEV_STAMP) ## Kill everything at random, count what was paid; TRIALS=200 SEED=1 PROVIDER=replicate|fal|all|diffusers STEPS=kill|freeze MUTANTS=1
ifeq ($(PROVIDER),diffusers)
	@$(PYTHON) -m bench.chaos.real $(if $(ONLY),--only "$(ONLY)")
else
	@$(PYTHON) -m bench.chaos --trials $(or $(TRIALS),200) --seed $(or $(SEED),1) \
		$(if $(STEPS),--steps $(STEPS)) $(if $(STRIDE),--stride $(STRIDE)) \
		$(if $(EMBEDDED),--embedded) $(if $(ONLY),--only "$(ONLY)") $(if $(HOLD),--hold $(HOLD)) \
		$(if $(PROVIDER),--provider $(PROVIDER)) $(if $(MUTANTS),--mutants)
endif

bench-monitor: $(DEV_STAMP) ## How often each of JOBS=5000 runs is looked at, and what pages take; PROVIDER=replicate|fal|all
	@$(PYTHON) -m bench.monitor --jobs $(or $(JOBS),5000) $(if $(EMBEDDED),--embedded) \
		$(if $(PROVIDER),--provider $(PROVIDER))

bench-live: $(DEV_STAMP) ## What STREAMS=10000 open pages cost one web process, and what they slow down
	@$(PYTHON) -m bench.live --streams $(or $(STREAMS),10000) $(if $(EMBEDDED),--embedded)

bench-deletion: $(DEV_STAMP) ## What deleted rows leave in SQLite's file, and what an archive of MB=500 costs
	@$(PYTHON) -m bench.deletion --mb $(or $(MB),500)

bench-spending: $(DEV_STAMP) ## What budgets, the page of spending and its CSV cost once ROWS=200000 calls were paid
	@$(PYTHON) -m bench.spending --rows $(or $(ROWS),200000)

bench-orphans: $(DEV_STAMP) ## What comparing FILES=50000 stored files with as many rows takes
	@$(PYTHON) -m bench.orphans --files $(or $(FILES),50000)

bench-ingest: $(DEV_STAMP) ## What taking in 20 photos takes, by SHARP=folder (npm install sharp) too, and hostile files; PHOTOS=folder
	@$(PYTHON) -m bench.beside $(if $(PHOTOS),"$(PHOTOS)") $(if $(SHARP),--sharp "$(SHARP)")
	@$(PYTHON) -m bench.ingest $(if $(PHOTOS),"$(PHOTOS)")

bench-hostile: $(DEV_STAMP) ## What hundreds of hostile files and ways of sending do to the site; KIND=PNG picks some
	@$(PYTHON) -m bench.hostile $(if $(KIND),"$(KIND)")

bench-colours: $(DEV_STAMP) ## How far stored colours are from what a photo's profile says
	@$(PYTHON) -m bench.colours

bench-coach: $(DEV_STAMP) ## What measuring photos adds to taking them in; PHOTOS=folder uses your own
	@$(PYTHON) -m bench.coach $(if $(PHOTOS),"$(PHOTOS)")

bench-archives: $(DEV_STAMP) ## What an archive of PHOTOS=50 photos costs in time and memory, and one that means harm
	@$(PYTHON) -m bench.archives --photos $(or $(PHOTOS),50)

bench-uploads: $(DEV_STAMP) ## Whether memory comes back after a storm of uploads, and what pages take meanwhile
	@$(PYTHON) -m bench.uploads --rounds $(or $(ROUNDS),2)

bench-dataset: $(DEV_STAMP) ## What writing a dataset of PHOTOS=50 of the largest photos takes; its digest twice
	@$(PYTHON) -m bench.dataset --photos $(or $(PHOTOS),50)

bench-parts: $(DEV_STAMP) ## What sending a photo in parts costs beside one request, ROUNDS=3 times each
	@$(PYTHON) -m bench.parts --rounds $(or $(ROUNDS),3)

bench-slow-readers: $(DEV_STAMP) ## What CLIENTS=300 that take a byte a second of large files cost, and when they are cut
	@$(PYTHON) -m bench.slow_readers --clients $(or $(CLIENTS),300)

bench-enumeration: $(DEV_STAMP) ## Whether sign-in, sign-up and reset take longer for addresses with an account
	@$(PYTHON) -m bench.enumeration --rounds $(or $(ROUNDS),40)

prove-training: $(DEV_STAMP) ## Prove on the processor that trainings learn; SEED=1 picks another concept; needs setup-training
	@$(PYTHON) -m bench.proof --seed $(or $(SEED),1) $(if $(KEEP),--keep "$(KEEP)")

bench-train: $(TRAINING_STAMP) ## What a training step takes on the card at true sizes; MODEL=FLUX.1-dev SIDE=1024 PRECISION=nf4
	@$(TRAINING_VENV)/bin/python -m bench.train --side $(or $(SIDE),1024) \
		$(if $(MODEL),--model "$(MODEL)") $(if $(PRECISION),--precision $(PRECISION))

format: $(DEV_STAMP) ## Rewrite the code in the common format
	@$(PYTHON) -m ruff format .
	@$(PYTHON) -m ruff check --fix .

lint: $(DEV_STAMP)
	@$(PYTHON) -m ruff check .

types: $(DEV_STAMP)
	@$(PYTHON) -m mypy .

layers: $(DEV_STAMP)
	@$(PYTHON) -c 'from importlinter.cli import lint_imports_command as lint; lint()'

lock: $(DEV_STAMP) ## Resolve pyproject.toml anew and write the lock files
	@$(PIP) install --quiet uv
	@$(PYTHON) -m uv pip compile --quiet --universal --upgrade --generate-hashes --no-annotate \
		--no-header pyproject.toml -o requirements.lock
	@$(PYTHON) -m uv pip compile --quiet --universal --upgrade --generate-hashes --no-annotate \
		--no-header pyproject.toml --group dev -o requirements-dev.lock
	@$(PYTHON) -m uv pip compile --quiet --universal --upgrade --generate-hashes --no-annotate \
		--no-header --group training --no-emit-package torch --no-emit-package triton \
		-o requirements-training.lock

$(PYTHON):
	@.ci/make-venv $(VENV)

$(RUN_STAMP): | $(PYTHON)
	@echo "Installing (once per change of requirements.lock)"
	@$(PIP) install --quiet --require-hashes -r requirements.lock
	@rm -f $(VENV)/.installed-[0-9]* && touch $@

$(DEV_STAMP): | $(PYTHON)
	@echo "Installing the developer's tools (once per change of requirements-dev.lock)"
	@$(PIP) install --quiet --require-hashes -r requirements-dev.lock
	@rm -f $(VENV)/.installed-* && touch $@ $(RUN_STAMP)

$(TRAINING_VENV)/bin/python:
	@.ci/make-venv $(TRAINING_VENV)

$(TRAINING_STAMP): | $(TRAINING_VENV)/bin/python
	@echo "Installing torch and what trains with it (once per change of requirements-training.lock)"
	@$(TRAINING_PIP) install --quiet $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) "$(TORCH)"
	@$(TRAINING_PIP) install --quiet --no-deps --require-hashes -r requirements-training.lock
	@rm -f $(TRAINING_VENV)/.installed-* && touch $@
