#!/usr/bin/env bash
# Trains small-image configs and keeps the record of each run in results/<data set>/.
# usage: results/train_small.sh SEED CONFIG [CONFIG ...]      (from the project's folder)
# One thread and no workers, so that a run owns one core of a CPU; a finished run is skipped.
set -euo pipefail
seed=$1
shift
export OMP_NUM_THREADS=1
for config in "$@"; do
    name=$(basename "$config" .py)_seed$seed
    folder=results/$(basename "$(dirname "$config")")
    record=$folder/$name.json
    if grep -qs '"finished": true' "$record"; then continue; fi
    work=work_dirs/small/$(basename "$folder")/$name
    mkdir -p "$folder"
    ${PYTHON:-python} tools/train.py "$config" --amp --seed "$seed" --work-dir "$work" \
        --record "$record" --resume --cfg-options \
        train_dataloader.num_workers=0 train_dataloader.persistent_workers=False \
        val_dataloader.num_workers=0 val_dataloader.persistent_workers=False
done
