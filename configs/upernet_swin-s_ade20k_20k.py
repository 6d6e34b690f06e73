# The counts of Table 7 are not those of Swin-S but of mmseg's Swin-T with a width of 84.
_base_ = [
    '_base_/models/upernet_vit.py',
    '_base_/datasets/ade20k.py',
    '_base_/schedules/20k.py',
    '_base_/default_runtime.py',
]
model = dict(
    backbone=dict(
        _delete_=True,
        type='SwinTransformer',
        embed_dims=84,
        depths=[2, 2, 6, 2],
        num_heads=[3, 6, 12, 24],
        window_size=7,
        drop_path_rate=0.3,
    ),
    neck=None,
    decode_head=dict(in_channels=[84, 168, 336, 672]),
    auxiliary_head=dict(in_channels=336, in_index=2),
)
# No weight decay on Swin's tables of positions, as in mmseg's recipe.
optim_wrapper = dict(
    paramwise_cfg=dict(
        custom_keys={
            'absolute_pos_embed': dict(decay_mult=0.0),
            'relative_position_bias_table': dict(decay_mult=0.0),
        }
    )
)
