# LKCA of 0.5M parameters in the light recipe; the position embedding starts at 0.02.
_base_ = ['../_base_/models/lkca_classifier.py', '../_base_/cifar10_light_15e.py']
model = dict(
    backbone=dict(arch='lkca-500k', img_size=32, patch_size=4, drop_path_rate=0.0, embed_std=0.02),
    head=dict(in_channels=100, num_classes=10),
    train_cfg=None,
)
