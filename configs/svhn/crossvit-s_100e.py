_base_ = [
    '../_base_/models/crossvit-s.py',
    '../_base_/datasets/svhn.py',
    '../_base_/schedules/small_100e.py',
    '../_base_/classification_runtime.py',
]
model = dict(
    backbone=dict(
        img_size={{_base_.img_size}},
        sm_patch_size={{_base_.patch_size}},
        lg_patch_size={{_base_.patch_size}},
        num_classes={{_base_.num_classes}},
    ),
)
