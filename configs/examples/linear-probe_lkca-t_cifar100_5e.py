# What the frozen features of a saved LKCA-T are worth: a linear classifier on top, all else as
# in finetune_lkca-t_cifar100_5e.py.
_base_ = './finetune_lkca-t_cifar100_5e.py'
model = dict(
    # All 9 layers of LKCA-T, and with them the final norm.
    backbone=dict(frozen_stages=9),
    # Puts the features on one scale without learning anything, as MAE's linear probe does.
    neck=dict(type='ClsBatchNormNeck', input_features=136),
)
optim_wrapper = dict(optimizer=dict(weight_decay=0.0))
