# Kernel and stride of each layer that merges tokens, as counted in Table 5 (64 x 64 pixels).
_base_ = './vit_pytorch_classifier.py'
model = dict(
    backbone=dict(
        model_name='T2TViT',
        dim=128,
        depth=10,
        heads=4,
        dim_head=32,
        mlp_dim=128,
        t2t_layers=((11, 8),),
    )
)
