_base_ = './mobilevitv2-t.py'
model = dict(
    backbone=dict(dims=(224, 302, 324), channels=(48, 53, 72, 72, 80, 80, 120, 120, 156, 156, 384))
)
