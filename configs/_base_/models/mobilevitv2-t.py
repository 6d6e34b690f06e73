# Printed as MobileViTv2; the counts are those of MobileViT (v1). Its strides are fixed, so
# Tiny-ImageNet has twice the grid of CIFAR.
_base_ = './vit_pytorch_classifier.py'
model = dict(
    backbone=dict(
        model_name='MobileViT',
        dims=(54, 60, 72),
        channels=(10, 20, 36, 36, 54, 54, 72, 72, 94, 94, 384),
        patch_size=(1, 1),
    )
)
