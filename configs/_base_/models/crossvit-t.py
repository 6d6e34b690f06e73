# Both branches have patches of one size, which the leaves set.
_base_ = './vit_pytorch_classifier.py'
model = dict(
    backbone=dict(
        model_name='CrossViT',
        depth=2,
        sm_dim=102,
        sm_enc_depth=1,
        sm_enc_heads=8,
        sm_enc_dim_head=16,
        sm_enc_mlp_dim=102,
        lg_dim=102,
        lg_enc_depth=4,
        lg_enc_heads=8,
        lg_enc_dim_head=16,
        lg_enc_mlp_dim=102,
        cross_attn_depth=1,
        cross_attn_heads=8,
        cross_attn_dim_head=16,
        dropout=0.1,
        emb_dropout=0.1,
    )
)
