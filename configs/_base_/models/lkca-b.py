_base_ = './lkca_classifier.py'
model = dict(backbone=dict(arch='lkca-b'), head=dict(in_channels=210))
