# Regularisation of the small-image recipe (the authors' trainer; Lee et al.,
# arXiv 2112.13492). The rest of it: schedules/small_100e.py and datasets/*.py.
model = dict(
    type='ImageClassifier',
    # Stochastic depth at the same rate in every layer.
    backbone=dict(drop_path_rate=0.1, drop_path_rule='constant'),
    head=dict(
        type='LinearClsHead',
        loss=dict(type='LabelSmoothLoss', label_smooth_val=0.1, mode='original'),
        init_cfg=dict(type='Xavier', layer='Linear', distribution='normal'),
    ),
    # One of the two on half of the batches, chosen evenly.
    train_cfg=dict(
        augments=[dict(type='Mixup', alpha=1.0), dict(type='CutMix', alpha=1.0)],
        probs=[0.25, 0.25],
    ),
)
