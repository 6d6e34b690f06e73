# CamVid at half size, from scratch on a CPU: a trunk of 192 channels under a small FPN. The
# schedule is the longest that two cores carried for LKCA and ViT side by side (docs/results.md).
_base_ = [
    '_base_/models/fpn_vit.py',
    '_base_/datasets/camvid_half.py',
    '_base_/schedules/20k.py',
    '_base_/default_runtime.py',
]
embed_dims, channels = 192, 96  # of the trunk, of neck and head
model = dict(
    data_preprocessor=dict(size={{_base_.crop_size}}),
    backbone=dict(type='LKCAViT', arch='tiny', img_size={{_base_.crop_size}}),
    neck=dict(in_channels=[embed_dims] * 4, out_channels=channels),
    decode_head=dict(in_channels=[channels] * 4, channels=channels, num_classes=11),
)
optim_wrapper = dict(optimizer=dict(lr=5e-4))
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-6, by_epoch=False, begin=0, end=300),
    dict(type='PolyLR', eta_min=0.0, power=1.0, by_epoch=False, begin=300, end=4000),
]
train_cfg = dict(max_iters=4000, val_interval=400)
default_hooks = dict(checkpoint=dict(interval=400))
