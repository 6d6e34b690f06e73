_base_ = [
    '../_base_/models/mobilevitv2-t.py',
    '../_base_/datasets/tiny-imagenet.py',
    '../_base_/schedules/small_100e.py',
    '../_base_/classification_runtime.py',
]
model = dict(
    backbone=dict(
        dims=(224, 302, 324),
        channels=(48, 53, 72, 72, 80, 80, 120, 120, 156, 156, 384),
        img_size={{_base_.img_size}},
        num_classes={{_base_.num_classes}},
    )
)
