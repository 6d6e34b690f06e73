_base_ = [
    '../_base_/models/mobilevitv2-t.py',
    '../_base_/datasets/svhn.py',
    '../_base_/schedules/small_100e.py',
    '../_base_/classification_runtime.py',
]
model = dict(
    backbone=dict(
        dims=(144, 180, 224),
        channels=(24, 48, 54, 54, 72, 72, 108, 108, 120, 120, 384),
        img_size={{_base_.img_size}},
        num_classes={{_base_.num_classes}},
    )
)
