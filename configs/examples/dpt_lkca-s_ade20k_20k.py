# DPT (Ranftl et al., arXiv 2103.13413) on LKCA-S. Its head takes a map beside a readout
# token of each layer; without a class token that is the mean of the patch tokens.
_base_ = [
    '../_base_/models/segmentor.py',
    '../_base_/datasets/ade20k.py',
    '../_base_/schedules/20k.py',
    '../_base_/default_runtime.py',
]
norm_cfg = dict(type='SyncBN', requires_grad=True)
model = dict(
    backbone=dict(
        type='LKCAViT',
        arch='small',
        img_size=512,
        patch_size=16,
        out_indices=(2, 5, 8, 11),
        out_type='featmap_and_readout',
    ),
    decode_head=dict(
        type='DPTHead',
        in_channels=(384, 384, 384, 384),
        channels=256,
        embed_dims=384,
        post_process_channels=[48, 96, 192, 384],
        num_classes=150,
        readout_type='project',
        input_transform='multiple_select',
        in_index=(0, 1, 2, 3),
        norm_cfg=norm_cfg,
        loss_decode=dict(type='CrossEntropyLoss', use_sigmoid=False, loss_weight=1.0),
    ),
)
