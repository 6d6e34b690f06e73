# make setup | demo | test | format | clean
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: setup demo test format clean

setup: $(VENV)/.ready

# onedl-mmcv must be built out of sight of torch (pip's build isolation) and its
# wheel must not be cached: a wheel with compiled ops is tied to one torch.
$(VENV)/.ready: setup.py $(wildcard requirements/*.txt)
	$(PYTHON) -m venv $(VENV)
	$(PIP) install -r requirements/torch.txt
	$(PIP) install --no-cache-dir -r requirements/mminstall.txt
	$(PIP) install -r requirements/rivals.txt -r requirements/tests.txt -e .
	touch $@

demo: setup
	$(BIN)/python tools/demo.py

test: setup
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m pytest

format: setup
	$(BIN)/python -m ruff check --fix .
	$(BIN)/python -m ruff format .

clean:
	rm -rf $(VENV) build *.egg-info
