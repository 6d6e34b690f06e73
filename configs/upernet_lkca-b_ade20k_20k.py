# 115.206M parameters, 101.558 GFLOPs: Table 6 of the paper prints the two columns swapped.
_base_ = 'upernet_lkca-s_ade20k_20k.py'
model = dict(
    backbone=dict(arch='base'),
    neck=dict(in_channels=[768] * 4, out_channels=768),
    decode_head=dict(in_channels=[768] * 4),
    auxiliary_head=dict(in_channels=768),
)
