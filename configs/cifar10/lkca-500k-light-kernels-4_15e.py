_base_ = './lkca-500k-light_15e.py'
model = dict(backbone=dict(num_kernels=4))
