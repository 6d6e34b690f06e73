#!/usr/bin/env bash
# LKCA-S against ViT-S in UPerNet on CamVid: equal seed, data order and iterations, far below the
# full schedule (300 iterations of 4 images are 3.3 passes over the training set; the configs'
# 20,000 of 16 are 872). bf16 on one core of a CPU each.
# usage: results/camvid/train.sh lkca-s|vit-s
# First: python tools/prepare_data.py camvid
set -euo pipefail
model=${1:?usage: results/camvid/train.sh lkca-s|vit-s}
cd "$(dirname "$0")/../.."
work_dir=work_dirs/camvid-300-$model
record=results/camvid/${model}_300_seed0.json
rm -rf "$work_dir"
"${PYTHON:-python}" tools/train.py "configs/upernet_${model}_camvid_20k.py" --amp --seed 0 \
  --work-dir "$work_dir" --record "$record" --cfg-options \
  train_dataloader.batch_size=4 train_dataloader.num_workers=1 val_dataloader.num_workers=1 \
  optim_wrapper.optimizer.lr=4e-4 param_scheduler.0.end=30 \
  param_scheduler.1.begin=30 param_scheduler.1.end=300 train_cfg.max_iters=300 \
  train_cfg.val_interval=100 default_hooks.logger.interval=10 default_hooks.checkpoint.interval=100 \
  default_hooks.checkpoint.max_keep_ckpts=1 default_hooks.checkpoint.save_best=None
"${PYTHON:-python}" tools/test.py "configs/upernet_${model}_camvid_20k.py" \
  "$work_dir/iter_300.pth" --work-dir "$work_dir" --out "$work_dir/scored" \
  --cfg-options test_dataloader.num_workers=1
# The record of the run, and the scores of the test set in it.
"${PYTHON:-python}" - "$record" "$work_dir/scored/scores.json" <<'END'
import sys
from lkca_mm.record import read_record, write_record
record, scored = map(read_record, sys.argv[1:])
write_record(sys.argv[1], {**record, 'test': scored})
END
