# Kernel and stride of each layer that merges tokens, as counted in Table 5 (64 x 64 pixels).
_base_ = './vit_pytorch_classifier.py'
model = dict(
    backbone=dict(
        model_name='T2TViT',
        dim=256,
        depth=8,
        heads=4,
        dim_head=64,
        mlp_dim=256,
        t2t_layers=((7, 4), (3, 2), (2, 1)),
    )
)
