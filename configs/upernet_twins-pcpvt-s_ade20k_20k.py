# mmseg's Twins-PCPVT-S, from scratch.
_base_ = [
    '_base_/models/upernet_vit.py',
    '_base_/datasets/ade20k.py',
    '_base_/schedules/20k.py',
    '_base_/default_runtime.py',
]
embed_dims = [64, 128, 320, 512]
model = dict(
    backbone=dict(
        _delete_=True,
        type='PCPVT',
        embed_dims=embed_dims,
        num_heads=[1, 2, 5, 8],
        mlp_ratios=[8, 8, 4, 4],
        qkv_bias=True,
        depths=[3, 4, 6, 3],
        drop_path_rate=0.2,
    ),
    neck=None,
    decode_head=dict(in_channels=embed_dims),
    auxiliary_head=dict(in_channels=embed_dims[2], in_index=2),
)
