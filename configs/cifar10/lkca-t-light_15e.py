# LKCA-T, started as published, in the light recipe. The shipped checkpoint is trained with it.
_base_ = ['../_base_/models/lkca_classifier.py', '../_base_/cifar10_light_15e.py']
model = dict(
    backbone=dict(arch='lkca-t', img_size=32, patch_size=4, drop_path_rate=0.0),
    head=dict(in_channels=136, num_classes=10),
    train_cfg=None,
)
