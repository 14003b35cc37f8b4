# Every task of the project; `make help` lists them.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
PORT ?= 8080
COMPOSE ?= docker compose

LOCKS := $(filter-out requirements/llamacpp%,$(wildcard requirements/*.txt))
READY := $(VENV)/.ready

.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

setup: $(READY) ## make .venv with every locked dependency and the vetted models

$(READY): $(LOCKS) requirements/install.sh
	@PYTHON=$(PYTHON) requirements/install.sh $(VENV)

demo: $(READY) ## the main job here: reward server + GRPO on SmolLM2, real models, under 8 minutes
	@$(PY) -m trainer demo

serve: $(READY) ## the reward server on 127.0.0.1:8080 (PORT=… changes it)
	@$(PY) -m reward_service serve --port $(PORT)

# On a pod two environments stand side by side (requirements/pod.sh); elsewhere .venv is both.
SERVER_PY := $(firstword $(wildcard .venv-server/bin/python) $(PY))
TRAINER_PY := $(firstword $(wildcard .venv-trainer/bin/python) $(PY))
PRESET ?= a40
MODELS ?= $(or $(REWARD_MODELS),$(if $(filter cpu-%,$(PRESET)),embedded,full))

pod: $(if $(wildcard .venv-trainer/.ready),,$(READY)) ## server + trainer, supervised (PRESET=, RESUME=1, PORT=, MODELS=, SET="k=v k=v")
	@$(TRAINER_PY) -m trainer pod --preset $(PRESET) --port $(PORT) --models $(MODELS) \
	  --server-python $(SERVER_PY) --trainer-python $(TRAINER_PY) $(if $(RESUME),--resume) $(addprefix --set ,$(SET))

llama-cpp: $(READY) ## build llama.cpp for `python -m trainer export` in .llama.cpp (needs g++; minutes)
	@PYTHON=$(PY) requirements/llamacpp.sh .llama.cpp

test: lint types imports $(READY) ## ruff, mypy --strict, import-linter and all tests
	$(PY) -m pytest -m "not compose"

lint: $(READY) ## ruff: style and formatting
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

types: $(READY) ## mypy --strict
	$(VENV)/bin/mypy

imports: $(READY) ## import-linter: who may import whom
	$(VENV)/bin/lint-imports --no-cache

format: $(READY) ## let ruff mend what it can
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

test-compose: $(READY) ## build and start the containers for real (needs a Docker engine)
	$(PY) -m pytest -m compose tests/compose

data: $(READY) ## training_data/: curated_qa.jsonl → grpo_dataset.jsonl, formatted/train_qwen.jsonl
	$(PY) -m trainer data build

notebook: $(READY) ## write training_data/GRPO_Training.ipynb anew from GRPO_Training.py beside it
	@$(PY) -m trainer.notebook

openapi: $(READY) ## write docs/openapi.json, settings.md and api.md anew
	$(PY) -m reward_service openapi

DATA ?= ../shared/data
OUT ?= runs/nli/weights
# Freed memory is kept: giving it back and fetching it again after each step cost a third of the time.
KEEP_MEMORY := MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=17179869184 MALLOC_TOP_PAD_=268435456

nli: $(READY) ## train the embedded NLI model anew: hours (DATA=folder of NLI sets, OUT=folder for the weights)
	$(KEEP_MEMORY) $(PY) -m reward_service.models.nli_training --data $(DATA) --out $(OUT)

# The thresholds that our own rewards are held to.
AUDIT_REQUIRE := 'win_rate>=0.97' 'win_rate.reversal>=0.93' 'mean_win_rate>=0.99' 'top_third>=0.9' \
	'false_contradictions<=0.02' 'zero_spread<=0.05'
AUDIT := $(PY) -m reward_service audit --sample $${SAMPLE:-100} $(addprefix --require ,$(AUDIT_REQUIRE))

audit: $(READY) ## pit honest answers against attacks: runs/audit/*/audit.html (SAMPLE=questions, DATA=folder)
	@status=0; \
	$(AUDIT) --dataset training_data/curated_qa.jsonl --answers training_data/answer_variants.jsonl \
	  --out runs/audit/own || status=$$?; \
	if [ -e $(DATA)/curated_qa_dev.jsonl ]; then \
	  $(AUDIT) --dataset $(DATA)/curated_qa_dev.jsonl --out runs/audit/curated || status=$$?; \
	fi; exit $$status

FORM := $(if $(FULL),,--short)

bench: $(READY) ## the benchmarks in short forms: tables, and JSON in runs/benchmarks/ (FULL=1: the long forms)
	$(PY) -m benchmarks.nli --runs 3 --pairs 256
	$(PY) -m benchmarks.score $(FORM)
	$(PY) -m benchmarks.cached $(FORM)
	$(PY) -m benchmarks.latency $(FORM)
	$(PY) -m benchmarks.scaling $(FORM)
	$(PY) -m benchmarks.soak $(FORM)

bench-gpu: $(READY) ## speed and latency with BART-large's shape on this GPU; needs no network
	$(PY) -m benchmarks.gpu

learning: $(READY) ## does a policy learn? SmolLM2 under two rewards, hours on two cores: runs/learning/
	$(PY) -m benchmarks.learning

lock: $(READY) ## resolve requirements/*.txt anew from pyproject.toml
	requirements/lock.sh

up: ## docker compose up: the reward server, then the trainer
	$(COMPOSE) up --build

clean: ## remove .venv, caches and runs
	rm -rf $(VENV) runs .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

.PHONY: help setup demo serve pod llama-cpp test lint types imports format test-compose data notebook openapi nli audit bench bench-gpu learning lock up clean
