custom_imports = dict(imports=['lkca_mm'], allow_failed_imports=False)
default_scope = 'mmseg'
env_cfg = dict(
    cudnn_benchmark=True,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)
custom_hooks = [
    dict(type='HostMemoryHook'),
    dict(type='InterruptHook'),
]
log_processor = dict(by_epoch=False)
log_level = 'INFO'
vis_backends = [dict(type='LocalVisBackend')]
visualizer = dict(type='SegLocalVisualizer', vis_backends=vis_backends, name='visualizer')
tta_model = dict(type='SegTTAModel')
load_from = None
resume = False
randomness = dict(seed=0)
# What tools/train.py does about an image or mask that cannot be read, and about a loss that is
# NaN or infinite: 'stop', or 'skip' and count (the samples are named in the work dir).
on_bad_sample = 'stop'
on_bad_loss = 'stop'
