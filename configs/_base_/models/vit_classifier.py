# ViT for small images (Tables 1-5): class token, LN, Linear; no bias in qkv.
_base_ = './classifier.py'
model = dict(
    backbone=dict(
        type='PlainViT',
        out_type='cls_token',
        final_norm=True,
        norm_eps=1e-5,
        qkv_bias=False,
        weight_init='xavier_normal',
        embed_std=1.0,
    )
)
