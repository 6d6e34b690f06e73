# mmseg's ResNet-50 (v1c), from scratch as all models of Table 7.
_base_ = [
    '_base_/models/upernet_vit.py',
    '_base_/datasets/ade20k.py',
    '_base_/schedules/20k.py',
    '_base_/default_runtime.py',
]
model = dict(
    backbone=dict(
        _delete_=True,
        type='ResNetV1c',
        depth=50,
        norm_cfg={{_base_.norm_cfg}},
        norm_eval=False,
        contract_dilation=True,
    ),
    neck=None,
    decode_head=dict(in_channels=[256, 512, 1024, 2048]),
    auxiliary_head=dict(in_channels=1024, in_index=2),
)
