_base_ = './regionvit-t.py'
model = dict(backbone=dict(dim=(48, 96, 128, 256), depth=(1, 2, 3, 2)))
