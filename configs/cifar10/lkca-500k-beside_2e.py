# Ablation at equal parameters: LKCA beside self-attention in each layer.
_base_ = './lkca-500k_2e.py'
model = dict(
    backbone=dict(
        arch=dict(_delete_=True, embed_dims=98, num_layers=5, num_heads=7, mlp_ratio=2),
        mixers='lkca+mhsa',
        qkv_bias=False,
    ),
    head=dict(in_channels=98),
)
