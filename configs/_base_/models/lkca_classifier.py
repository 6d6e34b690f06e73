# LKCA for small images (Tables 1-5): in every layer, between a value and an output
# projection; no class token, but Linear(LN(mean of the tokens)).
_base_ = './classifier.py'
model = dict(
    backbone=dict(
        type='LKCAViT',
        projections='value_output',
        kernel_init='zero',
        out_type='avg_featmap',
        final_norm=True,
        norm_eps=1e-5,
        weight_init='xavier_normal',
        embed_std=1.0,
    )
)
