# As counted in Table 5, at 64 x 64 pixels.
_base_ = './vit_pytorch_classifier.py'
model = dict(
    backbone=dict(
        model_name='TwinsSVT',
        s1_emb_dim=16,
        s1_patch_size=2,
        s1_local_patch_size=8,
        s1_global_k=3,
        s1_depth=1,
        s2_emb_dim=16,
        s2_patch_size=2,
        s2_local_patch_size=8,
        s2_global_k=3,
        s2_depth=1,
        s3_emb_dim=24,
        s3_patch_size=2,
        s3_local_patch_size=8,
        s3_global_k=3,
        s3_depth=2,
        s4_emb_dim=48,
        s4_patch_size=2,
        s4_local_patch_size=8,
        s4_global_k=3,
        s4_depth=1,
        peg_kernel_size=3,
    )
)
