# Candidate: kernels that start as a local Gaussian.
_base_ = './lkca-plus-published_2e.py'
model = dict(backbone=dict(kernel_init='gaussian'))
