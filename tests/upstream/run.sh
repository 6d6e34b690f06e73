#!/usr/bin/env bash
# Makes an environment with upstream OpenMMLab and runs the tests in it: make test-upstream.
#
#   PYTHON310      Python 3.10 (python3.10)
#   VENV_UPSTREAM  the environment's folder (.venv-upstream); kept and used again
#   MAX_JOBS       compilers at once for mmcv (PyTorch's build takes all cores by default)
#   LOG            where the tests' output goes as well (work_dirs/test-upstream.log)
#
# Arguments go to pytest: tests/upstream/run.sh tests/ops
set -euo pipefail
cd "$(dirname "$0")/../.."

venv=${VENV_UPSTREAM:-.venv-upstream}
log=${LOG:-work_dirs/test-upstream.log}
pins=tests/upstream/constraints.txt
# A pip is tied to its environment's path, so the environment is asked through its Python.
pip() { "$venv/bin/python" -m pip --disable-pip-version-check "$@"; }

if ! cmp -s "$pins" "$venv/.ready"; then
  "${PYTHON310:-python3.10}" -m venv --clear "$venv"
  pip install -c "$pins" setuptools wheel torch torchvision numpy psutil ninja
  # Built in sight of torch, for its ops; never cached, because they are tied to this torch.
  MMCV_WITH_OPS=1 pip install -c "$pins" --no-build-isolation --no-cache-dir mmcv
  pip install -c "$pins" mmengine mmsegmentation mmpretrain
  cp "$pins" "$venv/.ready"
fi
pip install -q -c "$pins" -r requirements/tests.txt -r requirements/timm.txt
pip install -q -c "$pins" --no-build-isolation -e .

mkdir -p "$(dirname "$log")"
{
  "$venv/bin/python" --version
  pip list --format=freeze | sed -nE 's/^((torch|mm|numpy|opencv|timm)[^=]*)==/\1 /p'
  "$venv/bin/python" -m pytest -rs "$@"
} 2>&1 | tee "$log"
