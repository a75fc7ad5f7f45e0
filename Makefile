# Two commands matter: `make demo` and `make test`. The rest are parts of them, or measurements.

# Where built things go. CI sets this to a folder outside the clone so that it can be reused.
export CARGO_TARGET_DIR ?= $(CURDIR)/target
TOOLS  := $(CARGO_TARGET_DIR)/tools
PYTHON := $(TOOLS)/python/bin/python
BINARY := $(CARGO_TARGET_DIR)/release/touchline

.PHONY: demo test test-shared calibrate bench bench-analysis bench-capture api-fuzz crash build web tracker widget check unit open-table e2e clients mail-peers deny screenshots clean help

help: ## Show this list.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

demo: build ## Build everything, start the sample company, print its address and a one-time link.
	$(BINARY) demo

build: web ## Build the browser application and the release binary.
	@scripts/need.sh cargo cc
	cargo build --release --locked --package touchline
	@ls -l $(BINARY) | awk '{ printf "Built %s, %.1f MB.\n", $$9, $$5 / 1e6 }'

web: web/dist/index.html tracker widget

tracker: tracker/dist/t.js ## Build the script for web pages, and weigh it.

tracker/node_modules/.package-lock.json: tracker/package.json tracker/package-lock.json
	@scripts/need.sh node npm
	cd tracker && npm ci --no-audit --no-fund --ignore-scripts
	@touch $@

tracker/dist/t.js: tracker/node_modules/.package-lock.json tracker/build.mjs tracker/src/touchline.js
	cd tracker && npm run build
	@touch $@

widget: widget/dist/chat.js ## Build the chat for web pages, and weigh it.

widget/node_modules/.package-lock.json: widget/package.json widget/package-lock.json
	@scripts/need.sh node npm
	cd widget && npm ci --no-audit --no-fund --ignore-scripts
	@touch $@

widget/dist/chat.js: widget/node_modules/.package-lock.json widget/build.mjs $(wildcard widget/src/*.js)
	cd widget && npm run build
	@touch $@

web/node_modules/.package-lock.json: web/package.json web/package-lock.json
	@scripts/need.sh node npm
	cd web && npm ci --no-audit --no-fund
	@touch $@

web/dist/index.html: web/node_modules/.package-lock.json $(shell find web/src web/index.html web/openapi.json web/vite.config.ts -type f 2>/dev/null)
	cd web && npm run build
	@touch $@

test: check deny e2e clients open-table unit ## Install what the tests need, and run every test.

check: web/node_modules/.package-lock.json tracker widget ## Formatting, lints, types.
	@scripts/need.sh cargo cc
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- --deny warnings
	cd web && npm run lint && npm run api:check && npm run check && npm test
	cd tracker && npm run lint
	cd widget && npm run lint && npm test

unit: web ## Every Rust test, those with needs of their own left out.
	scripts/cargo-test.sh --workspace --locked

open-table: web $(PYTHON) ## Let DuckDB and Polars read the ledger.
	TOUCHLINE_PYTHON=$(PYTHON) cargo test --locked --package touchline --test open_table -- --ignored

$(PYTHON): scripts/requirements.txt
	@scripts/need.sh python3
	python3 -m venv $(TOOLS)/python
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --requirement scripts/requirements.txt
	@touch $@

e2e: web ## What a person does, told in a real browser.
	@scripts/need.sh chromium
	cargo build --locked --package touchline
	cd e2e && npm ci --no-audit --no-fund && TOUCHLINE_BIN=$(CARGO_TARGET_DIR)/debug/touchline npm test

clients: web $(TOOLS)/clients/bin/python ## Unchanged clients of other makers, from npm and PyPI, against the server.
	@scripts/need.sh chromium
	cargo build --locked --package touchline
	cd e2e/clients && npm ci --no-audit --no-fund --ignore-scripts && \
		TOUCHLINE_BIN=$(CARGO_TARGET_DIR)/debug/touchline PYTHON=$(TOOLS)/clients/bin/python npm test

$(TOOLS)/clients/bin/python: e2e/clients/requirements.txt
	@scripts/need.sh python3
	python3 -m venv $(TOOLS)/clients
	$@ -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

mail-peers: web $(TOOLS)/mail/bin/python ## Mail among Postfix, Dovecot, swaks and others, from Debian, npm and PyPI.
	@scripts/need.sh dovecot postfix swaks opendkim
	cargo build --locked --package touchline
	cd e2e/mail && npm ci --no-audit --no-fund --ignore-scripts && \
		TOUCHLINE_BIN=$(CARGO_TARGET_DIR)/debug/touchline PYTHON=$(TOOLS)/mail/bin/python npm test

$(TOOLS)/mail/bin/python: e2e/mail/requirements.txt
	@scripts/need.sh python3
	python3 -m venv $(TOOLS)/mail
	$@ -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

screenshots: web ## Picture every page, light and dark, in three languages, into screenshots/.
	@scripts/need.sh chromium
	cargo build --locked --package touchline
	cd e2e && npm ci --no-audit --no-fund && TOUCHLINE_BIN=$(CARGO_TARGET_DIR)/debug/touchline npm run screenshots ../screenshots

deny: $(TOOLS)/bin/cargo-deny ## Licences and sources of every dependency.
	$(TOOLS)/bin/cargo-deny --all-features check --hide-inclusion-graph licenses sources bans

# Optimisation would only make the check's own build longer.
$(TOOLS)/bin/cargo-deny:
	CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off cargo install --quiet --locked --root $(TOOLS) cargo-deny@0.20.2

test-shared: web ## Check the facts of public data sets; tells where it looks for them.
	@scripts/need.sh cargo cc
	scripts/test-shared.sh

calibrate: ## Count how often planted truths are found and absent ones are not; CALIBRATE_SEEDS and CALIBRATE_MINUTES.
	@scripts/need.sh cargo cc
	nice -n 10 cargo test --release --locked --package analysis --test calibrate -- --ignored --nocapture

bench: build $(PYTHON) ## Measure what must be fast, beside the tools one would use instead.
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --requirement bench/requirements.txt
	PYTHON=$(PYTHON) bench/run.sh

.PHONY: faults
faults: web ## Flip bits in every kind of file, fill a disk, back up in a storm: the long form of tests/faults.rs.
	TOUCHLINE_FAULTS=1 cargo test --locked --package touchline --test faults -- --nocapture

bench-analysis: build $(PYTHON) ## Measure the instruments beside the tools one would use instead; BENCH_PEOPLE, BENCH_JOURNEYS, BENCH_RUNS, BENCH_CAP_S.
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --requirement bench/requirements.txt --requirement bench/requirements-analysis.txt
	$(PYTHON) bench/analysis.py

bench-capture: build ## Measure capture under load, with fsync and dedupe on, and the disk beside it.
	cargo run --release --locked --package touchline --example capture_load -- $(BINARY)

.PHONY: bench-chat
bench-chat: build ## Measure chats: 2,000 open at once, memory, and how long a word takes to the other side.
	node bench/chat.mjs $(BINARY)

.PHONY: bench-mail
bench-mail: web ## Measure mail in and out, with the contact policy, signatures and the ledger on.
	cargo run --release --locked --package touchline --example mail_load

api-fuzz: web $(TOOLS)/schemathesis/bin/schemathesis ## Let schemathesis ask every route, as owner, agent and viewer.
	cargo build --locked --package touchline
	scripts/api-fuzz.sh $(CARGO_TARGET_DIR)/debug/touchline $(TOOLS)/schemathesis/bin/schemathesis

$(TOOLS)/schemathesis/bin/schemathesis: scripts/requirements-fuzz.txt
	@scripts/need.sh python3
	python3 -m venv $(TOOLS)/schemathesis
	$(TOOLS)/schemathesis/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

crash: web ## Kill a server under load 200 times at random moments, and at every failpoint; count what is lost or doubled.
	TOUCHLINE_CRASHES=200 TOUCHLINE_CRASH_ROWS=1000000 cargo test --locked --package touchline --test crash --test contact_crash -- --nocapture

clean: ## Remove what was built here.
	rm -rf web/dist/* web/node_modules tracker/dist/* tracker/node_modules widget/dist/* widget/node_modules $(TOOLS)
	cargo clean
