_base_ = './fpn_lkca-tiny_camvid-half_4k.py'
model = dict(backbone=dict(type='PlainViT'))
