_base_ = './lkca_classifier.py'
model = dict(backbone=dict(arch='lkca-t'), head=dict(in_channels=136))
