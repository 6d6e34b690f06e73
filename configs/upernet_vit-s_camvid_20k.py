_base_ = 'upernet_lkca-s_camvid_20k.py'
model = dict(backbone=dict(type='PlainViT'))
