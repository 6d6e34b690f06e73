_base_ = './vit_classifier.py'
model = dict(backbone=dict(arch='vit-500k'), head=dict(in_channels=120))
