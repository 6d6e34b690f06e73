_base_ = './vit_classifier.py'
model = dict(backbone=dict(arch='vit-lite'), head=dict(in_channels=136))
