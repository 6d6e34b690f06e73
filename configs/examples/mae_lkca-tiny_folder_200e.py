# MAE pre-training of the 'tiny' trunk on the images of a folder, at 256x256, without labels
# (docs/your-own-data.md). Its weights fit LKCAViT with arch='tiny' and patch_size=16.
_base_ = './mae_lkca-t_cifar10_5e.py'
size, patch_size, epochs = 256, 16, 200
model = dict(
    # As LKCAViT is by default, not as the classifiers of the paper are.
    backbone=dict(
        arch='tiny',
        img_size=size,
        patch_size=patch_size,
        projections='none',
        norm_eps=1e-6,
        weight_init='trunc_normal',
        embed_std=0.02,
    ),
    neck=dict(num_patches=(size // patch_size) ** 2, patch_size=patch_size, embed_dim=192),
    head=dict(patch_size=patch_size),
)
data_preprocessor = dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], to_rgb=True)
train_pipeline = [
    dict(type='LoadCheckedImage'),
    dict(type='RandomResizedCrop', scale=size, crop_ratio_range=(0.2, 1.0)),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackInputs'),
]
train_dataloader = dict(
    batch_size=16,
    # A folder may hold fewer images than a batch.
    drop_last=False,
    # The base's makes batches of small images in memory.
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        _delete_=True,
        type='CustomDataset',
        data_root='data/images',  # and the folders in it
        with_label=False,
        pipeline=train_pipeline,
    ),
)
train_cfg = dict(max_epochs=epochs)
# The base's rate is for 128 images.
optim_wrapper = dict(optimizer=dict(lr=1e-3 * 16 / 128))
auto_scale_lr = dict(base_batch_size=16)
param_scheduler = [
    dict(
        type='LinearLR',
        start_factor=1e-3,
        by_epoch=True,
        begin=0,
        end=epochs // 10,
        convert_to_iter_based=True,
    ),
    dict(
        type='CosineAnnealingLR',
        eta_min=1e-6,
        by_epoch=True,
        begin=epochs // 10,
        end=epochs,
        convert_to_iter_based=True,
    ),
]
default_hooks = dict(logger=dict(interval=10), checkpoint=dict(interval=epochs // 10))
