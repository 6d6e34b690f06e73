# MAE pre-training (He et al., arXiv 2111.06377) of the trunk of LKCA-T on CIFAR-10, without its
# labels. lkca_mm.models.MAELKCAViT says how LKCA sees the visible patches alone. The weights go
# on with finetune_lkca-t_cifar100_5e.py or linear-probe_lkca-t_cifar100_5e.py.
_base_ = [
    '../_base_/datasets/cifar10.py',
    '../_base_/schedules/small_5e.py',
    '../_base_/classification_runtime.py',
]
model = dict(
    type='MAE',
    backbone=dict(
        type='MAELKCAViT',
        arch='lkca-t',
        img_size=32,
        patch_size=4,
        mask_ratio=0.75,
        projections='value_output',
        final_norm=True,
        norm_eps=1e-5,
        weight_init='xavier_normal',
        embed_std=0.02,
        # What the classifiers return, where the pre-trained model is asked for features.
        out_type='avg_featmap',
    ),
    neck=dict(
        type='MAEPretrainDecoder',
        num_patches=64,
        patch_size=4,
        embed_dim=136,
        decoder_embed_dim=96,
        decoder_depth=2,
        decoder_num_heads=4,
        mlp_ratio=2.0,
    ),
    head=dict(
        type='MAEPretrainHead',
        norm_pix=True,
        patch_size=4,
        loss=dict(type='PixelReconstructionLoss', criterion='L2'),
    ),
)
data_preprocessor = dict(
    _delete_=True, type='SelfSupDataPreprocessor', mean={{_base_.mean}}, std={{_base_.std}}
)
train_pipeline = [
    dict(type='RandomResizedCrop', scale=32, crop_ratio_range=(0.2, 1.0), backend='pillow'),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='PackInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
# Nothing to score: the loss is all there is.
val_dataloader = test_dataloader = None
val_evaluator = test_evaluator = None
val_cfg = test_cfg = None
optim_wrapper = dict(
    constructor='MergedGroupsConstructor',
    optimizer=dict(betas=(0.9, 0.95)),
    paramwise_cfg=dict(
        norm_decay_mult=0.0,
        bias_decay_mult=0.0,
        custom_keys={'pos_embed': dict(decay_mult=0.0), 'mask_token': dict(decay_mult=0.0)},
    ),
)
default_hooks = dict(checkpoint=dict(save_best=None))
