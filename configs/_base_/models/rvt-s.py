_base_ = './vit_pytorch_classifier.py'
model = dict(
    backbone=dict(
        model_name='RvT',
        dim=128,
        depth=7,
        heads=8,
        dim_head=64,
        mlp_dim=128,
    )
)
