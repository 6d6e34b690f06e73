# SVHN: 73,257 + 26,032 digits.
_base_ = './cifar10.py'
num_classes = 10
mean = [111.6135, 113.169, 120.564]
std = [50.49, 51.255, 50.235]
data_preprocessor = dict(num_classes=num_classes, mean=mean, std=std)
train_pipeline = [
    dict(type='RandomCrop', crop_size=32, padding=4),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='NumpyToPIL'),
    dict(type='TorchvisionAutoAugment', policy='svhn', fill=128),
    dict(type='PILToNumpy'),
    dict(type='ImageToTensor', keys=['img']),
    # Not the mean: the authors' trainer erases with it after normalising, where the mean is 0.
    dict(
        type='torchvision/RandomErasing',
        p=0.25,
        scale=(0.02, 0.4),
        ratio=(0.3, 1 / 0.3),
        value=[134, 136, 144],
    ),
    dict(type='PackInputs'),
]
test_pipeline = [dict(type='PackInputs')]
train_dataloader = dict(dataset=dict(type='SVHN', data_root='data/svhn', pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(type='SVHN', data_root='data/svhn', pipeline=test_pipeline))
test_dataloader = val_dataloader
