# SETR with progressive upsampling (Zheng et al., arXiv 2012.15840) on LKCA-S. Its heads
# normalise the tokens themselves.
_base_ = [
    '../_base_/models/segmentor.py',
    '../_base_/datasets/ade20k.py',
    '../_base_/schedules/20k.py',
    '../_base_/default_runtime.py',
]
norm_cfg = dict(type='SyncBN', requires_grad=True)
auxiliary_head = dict(
    type='SETRUPHead',
    in_channels=384,
    channels=256,
    num_classes=150,
    dropout_ratio=0,
    norm_cfg=norm_cfg,
    num_convs=1,
    up_scale=4,
    kernel_size=3,
    align_corners=False,
    loss_decode=dict(type='CrossEntropyLoss', use_sigmoid=False, loss_weight=0.4),
)
model = dict(
    backbone=dict(
        type='LKCAViT', arch='small', img_size=512, patch_size=16, out_indices=(2, 5, 8, 11)
    ),
    decode_head=dict(
        type='SETRUPHead',
        in_channels=384,
        in_index=3,
        channels=256,
        num_classes=150,
        dropout_ratio=0,
        norm_cfg=norm_cfg,
        num_convs=4,
        up_scale=2,
        kernel_size=3,
        align_corners=False,
        loss_decode=dict(type='CrossEntropyLoss', use_sigmoid=False, loss_weight=1.0),
    ),
    auxiliary_head=[dict(in_index=index, **auxiliary_head) for index in (0, 1, 2)],
)
