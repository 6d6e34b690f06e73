_base_ = './vit_classifier.py'
model = dict(backbone=dict(arch='vit-2m'), head=dict(in_channels=200))
