# What `make demo` trains: minutes on two CPU cores, from scratch, on generated images.
_base_ = [
    '_base_/models/upernet_vit.py',
    '_base_/datasets/scenes.py',
    '_base_/schedules/20k.py',
    '_base_/default_runtime.py',
]
embed_dims = 96
model = dict(
    data_preprocessor=dict(size=(128, 128)),
    backbone=dict(
        type='LKCAViT',
        arch=dict(  # a dict replaces the base's name only with _delete_
            _delete_=True, embed_dims=embed_dims, num_layers=6, num_heads=4, mlp_ratio=2
        ),
        img_size=128,
        patch_size=8,
        out_indices=(0, 1, 3, 5),
    ),
    neck=dict(in_channels=[embed_dims] * 4, out_channels=embed_dims, scales=[2, 1, 0.5, 0.25]),
    decode_head=dict(in_channels=[embed_dims] * 4, channels=64),
    auxiliary_head=None,
)
optim_wrapper = dict(optimizer=dict(lr=3e-3))
auto_scale_lr = dict(base_batch_size=8)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-2, by_epoch=False, begin=0, end=30),
    dict(type='PolyLR', eta_min=0.0, power=1.0, by_epoch=False, begin=30, end=160),
]
train_cfg = dict(max_iters=160, val_interval=80)
default_hooks = dict(
    logger=dict(interval=20), checkpoint=dict(interval=80, max_keep_ckpts=2, save_best=None)
)
