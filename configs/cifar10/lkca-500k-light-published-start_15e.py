# LKCA as published: the position embedding starts as N(0, 1).
_base_ = './lkca-500k-light_15e.py'
model = dict(backbone=dict(embed_std=1.0))
