# Semantic FPN on a plain vision transformer. All four maps stay at patch 16's
# resolution; the paper's counts leave no room for a MultiLevelNeck (docs/errata.md).
_base_ = 'segmentor.py'
norm_cfg = dict(type='SyncBN', requires_grad=True)
embed_dims = 384
model = dict(
    backbone=dict(arch='small', img_size=512, patch_size=16, out_indices=(2, 5, 8, 11)),
    neck=dict(type='FPN', in_channels=[embed_dims] * 4, out_channels=embed_dims, num_outs=4),
    decode_head=dict(
        type='FPNHead',
        in_channels=[embed_dims] * 4,
        in_index=[0, 1, 2, 3],
        feature_strides=[4, 8, 16, 32],
        channels=embed_dims,
        dropout_ratio=0.1,
        num_classes=150,
        norm_cfg=norm_cfg,
        align_corners=False,
        loss_decode=dict(type='CrossEntropyLoss', use_sigmoid=False, loss_weight=1.0),
    ),
)
