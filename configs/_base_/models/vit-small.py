_base_ = './vit_classifier.py'
model = dict(backbone=dict(arch='vit-small'), head=dict(in_channels=192))
