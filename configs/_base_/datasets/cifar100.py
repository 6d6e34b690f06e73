# CIFAR-100: 50,000 + 10,000 images of 100 classes.
_base_ = './cifar10.py'
num_classes = 100
mean = [129.285, 124.0575, 112.4295]
std = [68.1615, 65.382, 70.431]
data_preprocessor = dict(num_classes=num_classes, mean=mean, std=std)
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
        value=[164, 156, 143],
    ),
    dict(type='PackInputs'),
]
test_pipeline = [dict(type='PackInputs')]
train_dataloader = dict(dataset=dict(type='CheckedCIFAR100', pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(type='CheckedCIFAR100', pipeline=test_pipeline))
test_dataloader = val_dataloader
