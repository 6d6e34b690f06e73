# make setup | demo | test | test-detection | test-upstream | format | clean
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: setup demo test test-detection test-upstream format clean

setup: $(VENV)/.ready

# onedl-mmcv must be built out of sight of torch (pip's build isolation) and its
# wheel must not be cached: a wheel with compiled ops is tied to one torch.
$(VENV)/.ready: setup.py $(wildcard requirements/*.txt)
	$(PYTHON) -m venv $(VENV)
	$(PIP) install -r requirements/torch.txt
	$(PIP) install --no-cache-dir -r requirements/mminstall.txt
	$(PIP) install -r requirements/rivals.txt -r requirements/timm.txt -r requirements/export.txt \
	  -r requirements/build.txt -r requirements/tests.txt -e .
	touch $@

demo: setup
	$(BIN)/python tools/demo.py

test: setup
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m pytest

# The examples on mmdet, in .venv-detection, which it makes: mmcv's ops compile for ten minutes.
test-detection:
	PYTHON=$(PYTHON) tests/detection/run.sh

# The tests on upstream OpenMMLab (PYTHON310: a Python 3.10), in .venv-upstream, which it makes:
# mmcv's ops compile for ten minutes.
test-upstream:
	tests/upstream/run.sh

format: setup
	$(BIN)/python -m ruff check --fix .
	$(BIN)/python -m ruff format .

clean:
	rm -rf $(VENV) .venv-detection .venv-upstream build *.egg-info
