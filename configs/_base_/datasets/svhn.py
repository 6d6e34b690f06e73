# SVHN: 73,257 + 26,032 digits.
_base_ = './cifar10.py'
num_classes = 10
mean = [0.4377, 0.4438, 0.4728]
std = [0.198, 0.201, 0.197]
pixel_mean = [111.6135, 113.169, 120.564]
pixel_std = [50.49, 51.255, 50.235]
data_preprocessor = dict(num_classes=num_classes)
train_pipeline = [
    dict(type='RandomCrop', crop_size=32, padding=4),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='NumpyToPIL'),
    dict(type='TorchvisionAutoAugment', policy='svhn', fill=128),
    dict(type='PILToNumpy'),
    dict(type='Normalize', mean=pixel_mean, std=pixel_std, to_rgb=False),
    dict(type='ImageToTensor', keys=['img']),
    # After the normalisation and yet with the mean itself: a quirk of the authors' trainer.
    dict(
        type='torchvision/RandomErasing',
        p=0.25,
        scale=(0.02, 0.4),
        ratio=(0.3, 1 / 0.3),
        value=mean,
    ),
    dict(type='PackInputs'),
]
test_pipeline = [
    dict(type='Normalize', mean=pixel_mean, std=pixel_std, to_rgb=False),
    dict(type='PackInputs'),
]
train_dataloader = dict(dataset=dict(type='SVHN', data_root='data/svhn', pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(type='SVHN', data_root='data/svhn', pipeline=test_pipeline))
test_dataloader = val_dataloader
