# make run | test | check | thorough | bench | fuzz | setup | lock | clean. Everything sets itself up; the second time costs nothing.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
COMPILED := $(VENV)/.tests-compiled

.PHONY: run test crash check bench fuzz setup lock clean
run: setup
	$(BIN)/aggregator run

test: setup $(COMPILED)
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

# Pytest compiles tests in a way of its own, which costs each of its four processes ten seconds if none has done it before.
$(COMPILED): $(wildcard tests/*.py tests/*/*.py) | $(STAMP)
	@for part in "tests/whole tests/store tests/serve tests/parse" tests; do \
	  PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --collect-only -q -n 0 $$part >/dev/null 2>&1 & \
	done; wait
	@touch $@

# The same tests of kills, faults and long runs as in `make test`, but 200 kills a database and the longer faults; minutes.
crash: setup
	THOROUGH=1 $(BIN)/python -m pytest -n 0 -s tests/whole/test_crashes.py tests/whole/test_outages.py \
	  tests/whole/test_hanging.py tests/whole/test_migrate.py tests/store/test_released.py \
	  tests/whole/test_full_text_kills.py tests/whole/test_translation_kills.py tests/whole/test_backfill_kills.py \
	  tests/whole/test_minute.py tests/whole/test_long_run.py

# What takes long of several processes on PostgreSQL: sharing, outages and kills in their full length, large databases
# (which print the times that docs/scaling.md has), and a real object store. Half an hour on two busy cores.
.PHONY: cluster
cluster: setup
	THOROUGH=1 $(BIN)/python -m pytest -n 0 -s tests/cluster/test_sharing.py tests/cluster/test_jobs.py \
	  tests/cluster/test_leases.py tests/cluster/test_following.py tests/cluster/check_large.py
	$(BIN)/python -m tests.cluster.simulated_day
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all: -e '.[seaweedfs]'
	TEST_S3=seaweedfs THOROUGH=1 $(BIN)/python -m pytest -n 0 -s tests/cluster/test_bucket.py tests/cluster/check_servers.py

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m tests.audit

bench: setup
	$(BIN)/python -m benchmarks

# The pages of docs/ that follow from the program, and the screenshots in docs/images.
.PHONY: docs pictures
docs: setup
	$(BIN)/python -m tests.docs.generated

pictures: setup
	$(BIN)/python -m tests.docs.pictures

# All attacks and all real feeds, of which `make test` takes a part, through the whole program; then
# a daemon for so many seconds on the hostile sources of the tests, 200 healthy ones beside them.
.PHONY: hostile
HOSTILE_SECONDS ?= 300
hostile: setup
	THOROUGH=1 $(BIN)/python -m pytest -n 0 tests/whole/test_vectors.py tests/whole/test_corpus.py \
	  tests/whole/test_hostile.py tests/whole/test_full_text_hostile.py tests/whole/test_translation_hostile.py \
	  tests/store/test_new_limit.py tests/normalise/test_vectors.py tests/commonmark/test_emphasis.py
	THOROUGH=1 $(BIN)/python -m tests.hostile $(HOSTILE_SECONDS)

# All documents of the corpus, all examples of each property, of which `make test` takes a part, and all screens.
.PHONY: thorough
thorough: setup
	THOROUGH=1 $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder \
	  tests/commonmark/test_markdown.py tests/commonmark/test_safety_check.py tests/config/test_edit.py \
	  tests/config/test_faults.py tests/dedupe/test_fingerprint.py tests/dedupe/test_properties.py \
	  tests/full_text/test_answer.py tests/normalise/test_articles.py tests/normalise/test_dates.py \
	  tests/normalise/test_formulas.py tests/normalise/test_html.py tests/normalise/test_titles.py \
	  tests/parse/test_corpus.py tests/parse/test_discovery.py tests/parse/test_fast.py \
	  tests/parse/test_properties.py tests/sandbox/test_sandbox.py tests/schedule/test_headers.py \
	  tests/serve/test_images.py tests/store/test_plan.py tests/test_document.py tests/test_opml_reading.py \
	  tests/test_urls.py tests/whole/test_browser.py tests/whole/test_full_text.py tests/whole/test_translations.py

# FUZZ_SECONDS for each property; FUZZ="clean dates" for some of them. Without a wheel of atheris hypothesis does it.
FUZZ_SECONDS ?= 60
fuzz: setup
	@$(BIN)/python -c 'import atheris' 2>/dev/null || $(BIN)/python -m pip install --quiet --disable-pip-version-check \
	  --only-binary :all: -e '.[fuzz]' 2>/dev/null || echo "atheris cannot be had for this Python; hypothesis fuzzes instead" >&2
	$(BIN)/python -m tests.fuzz --seconds $(FUZZ_SECONDS) $(FUZZ)

setup: $(STAMP)

# Compiled once, here: where Python may not write its caches itself, each start would take a second longer.
# uv installs the same hashed lock in a third of pip's time; where it cannot be had, pip does.
$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "aggregator needs Python 3.11 or later; $(PYTHON) is older. Try: make PYTHON=python3.12" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { \
	  echo "Python cannot make a virtual environment here. On Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv 2>/dev/null || true
	@if test -x $(BIN)/uv; then \
	  $(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock && \
	  $(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -e .; \
	else \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .; \
	fi
	@$(BIN)/python -m compileall -q aggregator tests benchmarks
	@touch $@

lock: setup
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url --extra cluster --extra dev \
	  --no-annotate --python-version 3.11 --output-file requirements.lock pyproject.toml

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache
