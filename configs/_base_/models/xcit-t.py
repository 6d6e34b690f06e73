_base_ = './vit_pytorch_classifier.py'
model = dict(
    backbone=dict(
        model_name='XCiT',
        dim=120,
        depth=8,
        cls_depth=2,
        heads=4,
        dim_head=30,
        mlp_dim=120,
        local_patch_kernel_size=3,
    )
)
