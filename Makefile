# The two commands of a newcomer: `make demo` and `make test`. Both set up what they need, once.

# The first Python on the path that is new enough and can create virtual environments.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
BIN = .venv/bin

TYPED = scripts benchmarks tests/e2e tests/campaign tests/editors tests/install tests/unit tests/conftest.py

EDITORS ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/copilot-lsp
COMPANIONS = COPILOT_LSP_TEST_NVIM=$(EDITORS)/editors-nvim \
	COPILOT_LSP_TEST_LLAMA_SERVER=$(EDITORS)/llama-server/llama-server

.PHONY: demo test test-own-engine campaign campaign-short test-editors test-remote test-training vscode lint types format setup lock docs dist picture clean

demo: setup
	@$(BIN)/copilot-lsp complete examples/grid.py:18:1 --show

# Shows what of copilot_lsp no test reaches, and fails below 95 %.
test: setup lint
	$(BIN)/python -m pytest --cov --cov-report=term --cov-fail-under=95

# The real server and model again, each server with an engine of its own, as where none can be shared.
test-own-engine: setup
	COPILOT_LSP_TEST_SHARED=0 $(BIN)/python -m pytest tests/e2e/test_real_model.py tests/e2e/test_switch_model.py

# Random and hostile input at the sizes of docs/reliability.md (an hour or so); `make campaign SEED=N` runs one again.
campaign: setup
	$(BIN)/python -m pytest tests/campaign --full $(if $(SEED),--seed $(SEED))

# A few of each, in under two minutes. Draws the same each time, so that a change and not the draw decides; SEED=N draws
# another.
campaign-short: setup
	$(BIN)/python -m pytest tests/campaign --seed $(or $(SEED),1)

# The plugins in real editors: Neovim 0.11 and 0.12 in a terminal, VS Code in a browser; with llama-server as a remote
# engine. Sets all up first, which takes minutes and, for tmux and Chromium, apt-get.
test-editors: setup
	scripts/editors_nvim.sh $(EDITORS)/editors-nvim
	scripts/llama_server.sh $(EDITORS)/llama-server
	$(COMPANIONS) $(BIN)/python -m pytest tests/editors
	$(BIN)/python scripts/editors_vscode.py unit
	$(COMPANIONS) $(BIN)/python scripts/editors_vscode.py test

# Engines on other machines, with a real llama-server (Debian's; set up in half a minute).
test-remote: setup
	scripts/llama_server.sh $(EDITORS)/llama-server
	$(COMPANIONS) $(BIN)/python -m pytest tests/e2e/test_real_remote.py

# The recipe of the default model with a tiny one, from a corpus to llama.cpp's completion. Adds PyTorch to .venv.
test-training: setup
	$(BIN)/python -m pip install --quiet --requirement training/requirements.txt
	$(BIN)/mypy training
	$(BIN)/mypy tests/training
	$(BIN)/python -m pytest tests/training

# pip, uv and pipx from an index of our wheels, and the steps of the Dockerfile, without a compiler on PATH; each until a
# real model completed. Says how many seconds each took.
test-install: setup
	$(BIN)/python -m pytest tests/install --durations=0 --durations-min=1

# Our wheel of llama-cpp-python, for all CPUs of this platform: 40 minutes of one core. Into dist/ and the user's cache.
wheel: setup
	$(BIN)/python scripts/portable_wheel.py

# The branch `nvim`, with the Neovim plugin at its root.
nvim-repo: setup
	$(BIN)/python scripts/nvim_repo.py

# editors/vscode/copilot-lsp-VERSION.vsix
vscode: setup
	$(BIN)/python scripts/editors_vscode.py package

lint: setup types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# A call each, because several folders have a conftest.py. `make test-training` checks training/, which needs PyTorch.
types: setup
	$(BIN)/mypy
	@for path in $(TYPED); do echo $(BIN)/mypy $$path; $(BIN)/mypy $$path || exit 1; done

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# .venv, locked requirements, a llama.cpp that works here, the default model. Does nothing when all is there.
setup:
	@test -n "$(PYTHON)" || { echo "setup: needs Python 3.11 or newer with venv" \
		"(Debian: apt install python3 python3-venv)" >&2; exit 1; }
	@$(PYTHON) scripts/setup.py

# Newest versions that pyproject.toml allows, except llama-cpp-python: change its line in the lock by hand, because a
# new llama.cpp has to be compiled and measured.
lock: setup
	$(BIN)/python scripts/lock.py

# The table in docs/options.md, and the site in build/site: a broken link is an error.
docs: setup
	$(BIN)/python scripts/options_table.py
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements-docs.lock
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet

# Wheel, source distribution, VS Code extension and checksums, in dist/release.
dist: setup
	$(BIN)/python scripts/release.py

# The README's picture of the demo.
picture: setup
	$(BIN)/python scripts/picture.py docs/demo.svg

# The compiled wheel and the model stay in the user's cache folder (`copilot-lsp doctor` says where).
clean:
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
