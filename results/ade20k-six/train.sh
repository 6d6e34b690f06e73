#!/usr/bin/env bash
# LKCA-S in UPerNet, full size, on three real ADE20K images: does the whole path learn?
# Scored on the three images it is trained on, with little augmentation (no change of scale), so
# that it can learn them by heart: 450 iterations, and 90 more from their weights at a fresh rate,
# because the first 450 end at 90.00 and the mark is above 90. bf16 on one core, 6 s an iteration.
# First: python tools/prepare_data.py ade20k --from FOLDER_WITH_3_PLUS_3_PAIRS --allow-partial
set -euo pipefail
cd "$(dirname "$0")/../.."
config=configs/upernet_lkca-s_ade20k_20k.py
work_dir=work_dirs/ade20k-six
records=results/ade20k-six
rm -rf "$work_dir"

train() {  # WORK_DIR SEED RATE WARM_UP ITERATIONS [OPTION ...]
  "${PYTHON:-python}" tools/train.py "$config" --amp --seed "$2" --work-dir "$1" \
    --record "$records/lkca-s_$5.json" --cfg-options \
    train_dataloader.batch_size=2 train_dataloader.num_workers=1 val_dataloader.num_workers=1 \
    'train_dataloader.dataset.pipeline.2.ratio_range=(1.0,1.0)' \
    val_dataloader.dataset.data_prefix.img_path=images/training \
    val_dataloader.dataset.data_prefix.seg_map_path=annotations/training \
    optim_wrapper.optimizer.lr="$3" param_scheduler.0.end="$4" \
    param_scheduler.1.begin="$4" param_scheduler.1.end="$5" train_cfg.max_iters="$5" \
    default_hooks.logger.interval=10 default_hooks.checkpoint.max_keep_ckpts=1 \
    default_hooks.checkpoint.save_best=None "${@:6}"
}
train "$work_dir" 0 1e-3 50 450 train_cfg.val_interval=50 default_hooks.checkpoint.interval=50
train "$work_dir/more" 1 5e-4 5 90 train_cfg.val_interval=30 default_hooks.checkpoint.interval=30 \
  load_from="$work_dir/iter_450.pth"
