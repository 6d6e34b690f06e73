_base_ = './vit_classifier.py'
model = dict(backbone=dict(arch='vit-4m'), head=dict(in_channels=264))
