# PSPNet (Zhao et al., arXiv 1612.01105) on LKCA-S: the last map, of stride 16.
_base_ = [
    '../_base_/models/segmentor.py',
    '../_base_/datasets/ade20k.py',
    '../_base_/schedules/20k.py',
    '../_base_/default_runtime.py',
]
norm_cfg = dict(type='SyncBN', requires_grad=True)
model = dict(
    backbone=dict(
        type='LKCAViT', arch='small', img_size=512, patch_size=16, out_indices=(2, 5, 8, 11)
    ),
    decode_head=dict(
        type='PSPHead',
        in_channels=384,
        in_index=3,
        channels=512,
        pool_scales=(1, 2, 3, 6),
        dropout_ratio=0.1,
        num_classes=150,
        norm_cfg=norm_cfg,
        align_corners=False,
        loss_decode=dict(type='CrossEntropyLoss', use_sigmoid=False, loss_weight=1.0),
    ),
    auxiliary_head=dict(
        type='FCNHead',
        in_channels=384,
        in_index=2,
        channels=256,
        num_convs=1,
        concat_input=False,
        dropout_ratio=0.1,
        num_classes=150,
        norm_cfg=norm_cfg,
        align_corners=False,
        loss_decode=dict(type='CrossEntropyLoss', use_sigmoid=False, loss_weight=0.4),
    ),
)
