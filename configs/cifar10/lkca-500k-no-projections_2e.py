# Ablation at equal parameters: no value and output projection, half as many layers more.
_base_ = './lkca-500k_2e.py'
model = dict(
    backbone=dict(
        arch=dict(_delete_=True, embed_dims=100, num_layers=12, num_heads=4, mlp_ratio=2),
        projections='none',
    )
)
