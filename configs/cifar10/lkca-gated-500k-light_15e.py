# LKCA with a SiLU gate behind the kernel, which is ours and not the paper's. Narrower layers
# and MLPs pay for the gate: 499,762 parameters.
_base_ = ['../_base_/models/lkca_classifier.py', '../_base_/cifar10_light_15e.py']
model = dict(
    backbone=dict(
        arch=dict(embed_dims=96, num_layers=8, num_heads=4, mlp_ratio=1.75),
        gate='silu',
        img_size=32,
        patch_size=4,
        drop_path_rate=0.0,
        embed_std=0.02,
    ),
    head=dict(in_channels=96, num_classes=10),
    train_cfg=None,
)
