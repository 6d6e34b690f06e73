# Half a million parameters at a width that 2, 4 and 12 kernels divide: what
# candidates for a better LKCA are compared on (docs/results.md).
_base_ = './lkca_classifier.py'
model = dict(
    backbone=dict(arch=dict(embed_dims=96, num_layers=9, num_heads=4, mlp_ratio=2)),
    head=dict(in_channels=96),
)
