# Tiny-ImageNet-200: 100,000 + 10,000 images of 64 x 64. The 10,000 for testing have no
# labels, so the validation images are scored, as everywhere.
_base_ = './cifar10.py'
num_classes = 200
img_size = 64
patch_size = 8
mean = [122.451, 114.2655, 101.3625]
std = [70.635, 68.6205, 71.9355]
data_preprocessor = dict(num_classes=num_classes, mean=mean, std=std)
train_pipeline = [
    dict(type='LoadCheckedImage'),
    dict(type='RandomCrop', crop_size=64, padding=4),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='NumpyToPIL', to_rgb=True),
    dict(type='TorchvisionAutoAugment', policy='imagenet', fill=128),
    dict(type='PILToNumpy'),
    dict(type='ImageToTensor', keys=['img']),
    # Not the mean: the authors' trainer erases with it after normalising, where the mean is 0.
    dict(
        type='torchvision/RandomErasing',
        p=0.25,
        scale=(0.02, 0.4),
        ratio=(0.3, 1 / 0.3),
        value=[156, 145, 130],
    ),
    dict(type='PackInputs'),
]
test_pipeline = [
    dict(type='LoadCheckedImage'),
    dict(type='Resize', scale=(64, 64)),
    dict(type='NumpyToPIL', to_rgb=True),
    dict(type='PILToNumpy'),
    dict(type='PackInputs'),
]
train_dataloader = dict(
    dataset=dict(type='TinyImageNet', data_root='data/tiny-imagenet-200', pipeline=train_pipeline)
)
val_dataloader = dict(
    dataset=dict(
        type='TinyImageNet', data_root='data/tiny-imagenet-200', split='val', pipeline=test_pipeline
    )
)
test_dataloader = val_dataloader
