# CIFAR-10: 50,000 + 10,000 images of 10 classes.
num_classes = 10
img_size = 32
patch_size = 4
# The images' values run from 0 to 255, the published statistics from 0 to 1.
mean = [125.307, 122.961, 113.8575]
std = [62.985, 62.0925, 66.708]
# Whole batches from the worker to the head: with mmpretrain's own pair, which takes images
# one by one, a GPU would wait longer than it computes.
data_preprocessor = dict(type='WholeBatchPreprocessor', num_classes=num_classes, mean=mean, std=std)
train_pipeline = [
    dict(type='RandomCrop', crop_size=32, padding=4),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='NumpyToPIL'),
    dict(type='TorchvisionAutoAugment', policy='cifar10', fill=128),
    dict(type='PILToNumpy'),
    dict(type='ImageToTensor', keys=['img']),
    # Not the mean: the authors' trainer erases with it after normalising, where the mean is 0.
    dict(
        type='torchvision/RandomErasing',
        p=0.25,
        scale=(0.02, 0.4),
        ratio=(0.3, 1 / 0.3),
        value=[156, 153, 144],
    ),
    dict(type='PackInputs'),
]
test_pipeline = [dict(type='PackInputs')]
train_dataloader = dict(
    batch_size=128,
    num_workers=4,
    persistent_workers=True,
    pin_memory=True,
    drop_last=True,
    collate_fn=dict(type='whole_batch_collate'),
    sampler=dict(type='MultiPassSampler', shuffle=True),
    dataset=dict(type='CheckedCIFAR10', data_root='data', split='train', pipeline=train_pipeline),
)
val_dataloader = dict(
    batch_size=256,
    num_workers=2,
    persistent_workers=True,
    pin_memory=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='CheckedCIFAR10',
        data_root='data',
        split='test',
        test_mode=True,
        pipeline=test_pipeline,
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='Accuracy', topk=(1, 5))
test_evaluator = val_evaluator
