_base_ = [
    '../_base_/models/t2t-t.py',
    '../_base_/datasets/tiny-imagenet.py',
    '../_base_/schedules/small_100e.py',
    '../_base_/classification_runtime.py',
]
model = dict(
    backbone=dict(
        img_size={{_base_.img_size}},
        num_classes={{_base_.num_classes}},
    ),
)
