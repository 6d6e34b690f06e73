_base_ = [
    '_base_/models/upernet_vit.py',
    '_base_/datasets/ade20k.py',
    '_base_/schedules/20k.py',
    '_base_/default_runtime.py',
]
model = dict(backbone=dict(type='PlainViT'))
