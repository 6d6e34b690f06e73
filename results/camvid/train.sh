#!/usr/bin/env bash
# Trains a config on CamVid and scores it on the test set; keeps one record of both.
# usage: results/camvid/train.sh SEED CONFIG                  (from the project's folder)
# One thread and no workers, so that a run owns one core of a CPU; a finished run is skipped.
# First: python tools/prepare_data.py camvid
set -euo pipefail
export OMP_NUM_THREADS=1
config=$2
name=$(basename "$config" .py)_seed$1
record=results/camvid/$name.json
work=work_dirs/camvid/$name
if grep -qs '"test"' "$record"; then exit; fi
if ! grep -qs '"finished": true' "$record"; then
    "${PYTHON:-python}" tools/train.py "$config" --amp --seed "$1" --work-dir "$work" \
        --record "$record" --resume --cfg-options \
        train_dataloader.num_workers=0 train_dataloader.persistent_workers=False \
        val_dataloader.num_workers=0 val_dataloader.persistent_workers=False
fi
"${PYTHON:-python}" tools/test.py "$config" "$work/$(basename "$(cat "$work/last_checkpoint")")" \
    --work-dir "$work" --out "$work/scored" --cfg-options \
    test_dataloader.num_workers=0 test_dataloader.persistent_workers=False
"${PYTHON:-python}" - "$record" "$work/scored/scores.json" <<'END'
import sys
from lkca_mm.record import read_record, write_record
record, scored = map(read_record, sys.argv[1:])
write_record(sys.argv[1], {**record, 'test': scored})
END
