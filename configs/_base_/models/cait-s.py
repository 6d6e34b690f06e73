_base_ = './vit_pytorch_classifier.py'
model = dict(
    backbone=dict(
        model_name='CaiT',
        dim=96,
        depth=18,
        cls_depth=2,
        heads=4,
        dim_head=64,
        mlp_dim=192,
    )
)
