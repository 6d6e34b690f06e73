# Local tokens come from a convolution of fixed stride 4. The leaves set the window to 4 of
# them, on Tiny-ImageNet to 8, so that there are 2 x 2 regions everywhere.
_base_ = './vit_pytorch_classifier.py'
model = dict(
    backbone=dict(
        model_name='RegionViT',
        dim=(48, 72, 108, 112),
        depth=(1, 1, 2, 1),
        local_patch_size=4,
        tokenize_local_3_conv=False,
        use_peg=False,
    )
)
