_base_ = './crossvit-t.py'
model = dict(
    backbone=dict(
        depth=3, sm_dim=128, sm_enc_mlp_dim=128, lg_dim=128, lg_enc_mlp_dim=128, cross_attn_depth=2
    )
)
