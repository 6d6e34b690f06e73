_base_ = './mobilevitv2-t.py'
model = dict(
    backbone=dict(dims=(144, 180, 224), channels=(24, 48, 54, 54, 72, 72, 108, 108, 120, 120, 384))
)
