custom_imports = dict(imports=['lkca_mm'], allow_failed_imports=False)
default_scope = 'mmseg'
env_cfg = dict(
    cudnn_benchmark=True,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)
custom_hooks = [
    # Different random numbers in each process, and after a resume.
    dict(type='IterationSeedHook'),
    # Ctrl-C saves a checkpoint to go on from.
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
