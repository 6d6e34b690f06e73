# ViT as published: position embedding and class token start as N(0, 1).
_base_ = './vit-500k-light_15e.py'
model = dict(backbone=dict(embed_std=1.0))
