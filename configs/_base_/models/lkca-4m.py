_base_ = './lkca_classifier.py'
model = dict(backbone=dict(arch='lkca-4m'), head=dict(in_channels=246))
