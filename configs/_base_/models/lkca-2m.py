_base_ = './lkca_classifier.py'
model = dict(backbone=dict(arch='lkca-2m'), head=dict(in_channels=192))
