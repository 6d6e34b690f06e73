_base_ = './vit_pytorch_classifier.py'
model = dict(
    backbone=dict(
        model_name='DeepViT',
        dim=136,
        depth=14,
        heads=4,
        dim_head=64,
        mlp_dim=136,
    )
)
