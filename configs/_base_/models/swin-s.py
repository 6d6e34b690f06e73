_base_ = './swin_classifier.py'
model = dict(
    backbone=dict(arch=dict(embed_dims=84, depths=[1, 3, 2], num_heads=[3, 6, 12])),
    head=dict(in_channels=336),
)
