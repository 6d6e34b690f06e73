# Kernel and stride of each layer that merges tokens. The first has (5, 4) here and (11, 8)
# on Tiny-ImageNet, as counted in Table 5: the tokens are as many.
_base_ = './vit_pytorch_classifier.py'
model = dict(
    backbone=dict(
        model_name='T2TViT',
        dim=96,
        depth=3,
        heads=4,
        dim_head=24,
        mlp_dim=96,
        t2t_layers=((5, 4), (7, 4)),
    )
)
