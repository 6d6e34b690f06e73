_base_ = './vit_classifier.py'
model = dict(backbone=dict(arch='vit-8m'), head=dict(in_channels=312))
