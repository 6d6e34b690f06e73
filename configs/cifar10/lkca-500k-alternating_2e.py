# Ablation at equal parameters: self-attention and LKCA in turn.
_base_ = './lkca-500k_2e.py'
model = dict(
    backbone=dict(
        arch=dict(_delete_=True, embed_dims=108, num_layers=6, num_heads=4, mlp_ratio=2),
        mixers=['mhsa', 'lkca'],
        qkv_bias=False,
    ),
    head=dict(in_channels=108),
)
