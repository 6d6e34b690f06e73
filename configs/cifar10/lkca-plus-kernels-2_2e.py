# Candidate: two kernels, each for half of the channels.
_base_ = './lkca-plus-published_2e.py'
model = dict(backbone=dict(num_kernels=2))
