"""Small images a batch at a time, from the data set to the head.

With 128 images of 32x32 a batch, work that is done image by image takes longer than a GPU's
whole step. Here a worker hands over two tensors, and the preprocessor normalises and mixes them at
once.
"""

from collections.abc import Sequence
from typing import Any

import torch
from mmengine.registry import FUNCTIONS
from mmpretrain.models import ClsDataPreprocessor
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample
from torch import Tensor


@FUNCTIONS.register_module()
def whole_batch_collate(samples: Sequence[dict[str, Any]]) -> dict[str, Tensor]:
    """Makes ``inputs`` (B, 3, H, W) and ``labels`` (B,) of what ``PackInputs`` returns.

    All images must have one size and one label each. Not for validation, which counts samples.
    """
    return {
        'inputs': torch.stack([sample['inputs'] for sample in samples]),
        'labels': torch.cat([sample['data_samples'].gt_label for sample in samples]),
    }


@MODELS.register_module()
class WholeBatchPreprocessor(ClsDataPreprocessor):
    """mmpretrain's preprocessor, for batches that ``whole_batch_collate`` made too.

    Random numbers are drawn as in mmpretrain's, and nothing waits for the device. The head
    receives one data sample whose ``gt_label`` holds the labels of all images (B,), or their
    mixed one-hot vectors (B, classes).
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        # The loader pins what it hands over, so the copy can overlap with computing.
        self._non_blocking = True

    def forward(self, data: dict[str, Any], training: bool = False) -> dict[str, Any]:
        """Moves a batch to the device, normalises it, and mixes it in training."""
        if 'labels' not in data:
            return super().forward(data, training)
        inputs = super().forward({'inputs': data['inputs']}, training)['inputs']
        target = self.cast_data(data['labels'])
        if self.to_onehot:
            # Not F.one_hot, which reads the smallest and the largest label first.
            zeros = target.new_zeros(len(target), self.num_classes)
            target = zeros.scatter_(1, target[:, None], 1)
        if training and self.batch_augments is not None:
            # mmpretrain's shuffling permutation is made where the batch is, not on the CPU.
            with inputs.device:
                inputs, target = self.batch_augments(inputs, target)
        sample = DataSample()
        sample.set_field(target, 'gt_label')
        return {'inputs': inputs, 'data_samples': [sample]}
