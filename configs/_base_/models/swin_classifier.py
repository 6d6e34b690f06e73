# Swin for small images (Tables 4 and 5): mmpretrain's, with three stages, windows of 4 x 4 and
# an absolute position embedding. As in the authors' trainer, stochastic depth rises to 0.1 and
# the Linears start as PyTorch draws them. Patches have 2 x 2 pixels, on Tiny-ImageNet 4 x 4.
_base_ = './classifier.py'
model = dict(
    backbone=dict(
        _delete_=True,
        type='SwinTransformer',
        patch_size=2,
        window_size=4,
        drop_path_rate=0.1,
        use_abs_pos_embed=True,
        out_indices=(2,),
        stage_cfgs=dict(block_cfgs=dict(ffn_ratio=2)),
    ),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(init_cfg=None),
)
