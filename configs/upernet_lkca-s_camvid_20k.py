_base_ = [
    '_base_/models/upernet_vit.py',
    '_base_/datasets/camvid.py',
    '_base_/schedules/20k.py',
    '_base_/default_runtime.py',
]
model = dict(
    data_preprocessor=dict(size=(360, 480)),
    backbone=dict(type='LKCAViT', img_size=(360, 480)),
    decode_head=dict(num_classes=11),
    auxiliary_head=dict(num_classes=11),
)
