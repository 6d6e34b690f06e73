# Candidate: twelve kernels of eight channels each; the MLPs give up what they take.
_base_ = './lkca-plus-published_2e.py'
model = dict(backbone=dict(num_kernels=12, arch=dict(mlp_ratio=1.875)))
