# The rivals of Tables 4 and 5 but Swin: vit-pytorch's models, which make logits themselves.
# As in the authors' trainer, each starts as its own code draws it and keeps its own dropout.
# Of the recipe, stochastic depth does not apply: vit-pytorch has none.
_base_ = './classifier.py'
model = dict(
    backbone=dict(_delete_=True, type='VitPytorchBackbone'),
    head=dict(type='ClsHead', init_cfg=None),
)
