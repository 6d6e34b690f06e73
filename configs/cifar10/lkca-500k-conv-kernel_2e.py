# Ablation at equal parameters: kernels that start as Conv2d's do.
_base_ = './lkca-500k_2e.py'
model = dict(backbone=dict(kernel_init='conv'))
