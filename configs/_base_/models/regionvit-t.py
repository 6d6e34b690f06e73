# Local tokens come from a convolution of fixed stride 4: 16 x 16 of 64 x 64 pixels, in 2 x 2
# regions of 8 x 8.
_base_ = './vit_pytorch_classifier.py'
model = dict(
    backbone=dict(
        model_name='RegionViT',
        dim=(48, 72, 108, 112),
        depth=(1, 1, 2, 1),
        local_patch_size=4,
        window_size=8,
        tokenize_local_3_conv=False,
        use_peg=False,
    )
)
