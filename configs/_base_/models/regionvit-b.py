_base_ = './regionvit-t.py'
model = dict(backbone=dict(dim=(64, 128, 256, 512), depth=(2, 2, 8, 2)))
