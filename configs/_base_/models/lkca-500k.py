_base_ = './lkca_classifier.py'
model = dict(backbone=dict(arch='lkca-500k'), head=dict(in_channels=100))
