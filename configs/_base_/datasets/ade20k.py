# ADE20K, 150 classes: python tools/prepare_data.py ade20k
_base_ = 'segmentation_loaders.py'
dataset_type = 'ADE20KDataset'
data_root = 'data/ADEChallengeData2016'
crop_size = (512, 512)
load_mask = dict(type='LoadCheckedMask', num_classes=150, reduce_zero_label=True)
train_pipeline = [
    dict(type='LoadCheckedImage'),
    load_mask,
    dict(type='RandomResize', scale=(2048, 512), ratio_range=(0.5, 2.0), keep_ratio=True),
    dict(type='RandomCrop', crop_size=crop_size, cat_max_ratio=0.75),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PhotoMetricDistortion'),
    dict(type='PackSegInputs'),
]
test_pipeline = [
    dict(type='LoadCheckedImage'),
    dict(type='Resize', scale=(2048, 512), keep_ratio=True),
    # After Resize: the mask is scored at the image's own size.
    load_mask,
    dict(type='PackSegInputs'),
]
tta_pipeline = [
    dict(type='LoadCheckedImage'),
    dict(
        type='TestTimeAug',
        transforms=[
            [
                dict(type='Resize', scale_factor=ratio, keep_ratio=True)
                for ratio in (0.5, 0.75, 1.0, 1.25, 1.5, 1.75)
            ],
            [
                dict(type='RandomFlip', prob=0.0, direction='horizontal'),
                dict(type='RandomFlip', prob=1.0, direction='horizontal'),
            ],
            [load_mask],
            [dict(type='PackSegInputs')],
        ],
    ),
]
train_dataloader = dict(
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        data_prefix=dict(img_path='images/training', seg_map_path='annotations/training'),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        data_prefix=dict(img_path='images/validation', seg_map_path='annotations/validation'),
        pipeline=test_pipeline,
    ),
)
test_dataloader = val_dataloader
