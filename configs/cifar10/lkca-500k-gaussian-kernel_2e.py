# Ablation at equal parameters: kernels that start as a local Gaussian.
_base_ = './lkca-500k_2e.py'
model = dict(backbone=dict(kernel_init='gaussian'))
