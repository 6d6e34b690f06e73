# Candidate: a learned factor for each channel behind the kernel.
_base_ = './lkca-plus-published_2e.py'
model = dict(backbone=dict(channel_scale=True))
