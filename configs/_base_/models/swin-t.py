_base_ = './swin_classifier.py'
model = dict(
    backbone=dict(arch=dict(embed_dims=64, depths=[1, 2, 1], num_heads=[2, 4, 8])),
    head=dict(in_channels=256),
)
