_base_ = './fpn_lkca-tiny_camvid_4k.py'
model = dict(backbone=dict(type='PlainViT'))
