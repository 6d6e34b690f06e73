"""A hook that notes what each process of a run sees and draws, in the run's work dir."""

import json
import random
from pathlib import Path

import numpy as np
import torch
from mmengine.hooks import Hook
from mmengine.registry import HOOKS


@HOOKS.register_module()
class DrawRecorder(Hook):
    priority = 'LOWEST'

    def before_train_iter(self, runner, batch_idx, data_batch):
        names = [Path(sample.img_path).name for sample in data_batch['data_samples']]
        draws = [random.random(), np.random.random(), torch.rand(()).item()]
        with Path(runner.work_dir, f'draws{runner.rank}.jsonl').open('a') as file:
            file.write(json.dumps([names, draws]) + '\n')
