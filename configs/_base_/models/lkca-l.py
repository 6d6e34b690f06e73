_base_ = './lkca_classifier.py'
model = dict(backbone=dict(arch='lkca-l'), head=dict(in_channels=360))
