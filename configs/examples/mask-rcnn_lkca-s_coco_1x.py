# Mask R-CNN (He et al., arXiv 1703.06870) of mmdet with LKCA-S in place of ResNet-50. Only
# backbone, neck and optimiser differ from mmdet's own config.
_base_ = [
    'mmdet::_base_/models/mask-rcnn_r50_fpn.py',
    'mmdet::_base_/datasets/coco_instance.py',
    'mmdet::_base_/schedules/schedule_1x.py',
    'mmdet::_base_/default_runtime.py',
]
custom_imports = dict(imports=['lkca_mm'], allow_failed_imports=False)
model = dict(
    backbone=dict(
        _delete_=True,
        type='LKCAViT',
        arch='small',
        img_size=1024,
        patch_size=16,
        final_norm=True,
    ),
    # Strides 4, 8, 16 and 32 from the one of 16, then 64.
    neck=dict(
        _delete_=True, type='SimpleFeaturePyramid', in_channels=384, out_channels=256, num_outs=5
    ),
)
# mmdet's own SGD does not suit a plain trunk: AdamW as in ViTDet (Li et al., arXiv 2203.16527).
optim_wrapper = dict(
    _delete_=True,
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=1e-4, betas=(0.9, 0.999), weight_decay=0.1),
    paramwise_cfg=dict(norm_decay_mult=0.0, custom_keys={'pos_embed': dict(decay_mult=0.0)}),
)
