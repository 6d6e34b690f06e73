_base_ = [
    '../_base_/models/twins-svt-s.py',
    '../_base_/datasets/tiny-imagenet.py',
    '../_base_/schedules/small_100e.py',
    '../_base_/classification_runtime.py',
]
model = dict(
    backbone=dict(
        s2_emb_dim=32,
        s3_emb_dim=64,
        s3_depth=3,
        s4_emb_dim=128,
        s4_depth=2,
        img_size={{_base_.img_size}},
        num_classes={{_base_.num_classes}},
    )
)
