_base_ = './vit_pytorch_classifier.py'
model = dict(
    backbone=dict(
        model_name='CaiT',
        dim=72,
        depth=16,
        cls_depth=1,
        heads=4,
        dim_head=32,
        mlp_dim=144,
    )
)
