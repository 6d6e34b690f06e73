_base_ = './twins-svt-s.py'
model = dict(backbone=dict(s2_emb_dim=32, s3_emb_dim=64, s3_depth=3, s4_emb_dim=128, s4_depth=2))
