#!/usr/bin/env bash
# Steps the examples of detection, with mmcv's compiled ops (make test-detection).
# usage: tests/detection/run.sh [arguments of pytest]
#
# All of mmdet's models need the ops, if only to be imported. They are compiled once, for the CPU
# alone, in an environment of its own: DETECTION_ENV, or .venv-detection. That takes a C++ compiler
# and about 10 minutes on two cores (MAX_JOBS, 2 unless told). The wheel is not cached: it is tied
# to one torch and would break other environments.
set -euo pipefail
cd "$(dirname "$0")/../.."
environment=${DETECTION_ENV:-.venv-detection}
python=$environment/bin/python
install=("$python" -m pip --disable-pip-version-check install)

ready() {
  for file in requirements/*.txt; do
    [[ $environment/.ready -nt $file ]] || return 1
  done
}

if ! ready; then
  "${PYTHON:-python3}" -m venv "$environment"
  echo '*' > "$environment/.gitignore"
  "${install[@]}" -r requirements/torch.txt
  "${install[@]}" --no-cache-dir -r requirements/mminstall.txt -r requirements/detection.txt \
    -r requirements/tests.txt -e .
  if ! "$python" -W ignore -c 'import torch, mmcv._ext' 2> /dev/null; then
    # Once more, where torch can be seen. Quick to compile, for it need not be quick to run.
    mmcv=$("$python" -c 'from importlib.metadata import version; print(version("onedl-mmcv"))')
    CUDA_VISIBLE_DEVICES='' MMCV_WITH_OPS=1 MAX_JOBS=${MAX_JOBS:-2} CFLAGS='-O1 -g0' \
      "${install[@]}" --no-cache-dir --no-build-isolation --no-deps --force-reinstall \
      --no-binary onedl-mmcv "onedl-mmcv==$mmcv"
    "$python" -W ignore -c 'import torch, mmcv._ext'
  fi
  touch "$environment/.ready"
fi
exec "$python" -m pytest -n 0 tests/configs/test_detection_examples.py "$@"
