_base_ = './vit_pytorch_classifier.py'
model = dict(
    backbone=dict(
        model_name='XCiT',
        dim=192,
        depth=10,
        cls_depth=2,
        heads=4,
        dim_head=48,
        mlp_dim=192,
        local_patch_kernel_size=3,
    )
)
