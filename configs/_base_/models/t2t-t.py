# Kernel and stride of each layer that merges tokens. The first has (5, 4) here and (11, 8)
# on Tiny-ImageNet, as counted in Table 5: the tokens are as many.
_base_ = './vit_pytorch_classifier.py'
model = dict(
    backbone=dict(
        model_name='T2TViT',
        dim=128,
        depth=10,
        heads=4,
        dim_head=32,
        mlp_dim=128,
        t2t_layers=((5, 4),),
    )
)
