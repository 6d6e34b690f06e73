# Segmenter (Strudel et al., arXiv 2105.05633) on LKCA-S. Its head wants normalised tokens
# and has no norm of its own: final_norm=True.
_base_ = [
    '../_base_/models/segmentor.py',
    '../_base_/datasets/ade20k.py',
    '../_base_/schedules/20k.py',
    '../_base_/default_runtime.py',
]
model = dict(
    backbone=dict(type='LKCAViT', arch='small', img_size=512, patch_size=16, final_norm=True),
    decode_head=dict(
        type='SegmenterMaskTransformerHead',
        in_channels=384,
        channels=384,
        num_classes=150,
        num_layers=2,
        num_heads=6,
        embed_dims=384,
        dropout_ratio=0.0,
        loss_decode=dict(type='CrossEntropyLoss', use_sigmoid=False, loss_weight=1.0),
    ),
)
