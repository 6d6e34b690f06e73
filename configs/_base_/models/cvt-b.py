# Its first stride is 4 on every data set, as in the authors' trainer: 8 would step over pixels
# that the kernel of 7 does not reach. Tiny-ImageNet therefore costs four times what Table 5 prints.
_base_ = './vit_pytorch_classifier.py'
model = dict(
    backbone=dict(
        model_name='CvT',
        s1_emb_dim=32,
        s1_emb_kernel=7,
        s1_emb_stride=4,
        s1_proj_kernel=3,
        s1_kv_proj_stride=2,
        s1_heads=1,
        s1_depth=1,
        s1_mlp_mult=4,
        s2_emb_dim=96,
        s2_emb_kernel=3,
        s2_emb_stride=2,
        s2_proj_kernel=3,
        s2_kv_proj_stride=2,
        s2_heads=3,
        s2_depth=2,
        s2_mlp_mult=4,
        s3_emb_dim=192,
        s3_emb_kernel=3,
        s3_emb_stride=2,
        s3_proj_kernel=3,
        s3_kv_proj_stride=2,
        s3_heads=6,
        s3_depth=10,
        s3_mlp_mult=4,
    )
)
