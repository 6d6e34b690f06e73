"""A batch of classification as two tensors."""

from collections.abc import Sequence
from typing import Any

import torch
from mmengine.registry import FUNCTIONS
from torch import Tensor

from lkca_mm.errors import DataError


@FUNCTIONS.register_module()
def whole_batch_collate(samples: Sequence[dict[str, Any]]) -> dict[str, Tensor]:
    """Makes two tensors of a training batch, in the worker that prepared it.

    mmpretrain's batch is a list of tensors and a list of data samples; of 128 small
    pictures it takes the training process longer to receive them one by one than a
    GPU takes for the whole step. ``WholeBatchPreprocessor`` understands this batch.

    Args:
        samples: What ``PackInputs`` returns: ``inputs``, all of one size, and
            ``data_samples`` with one label each.

    Returns:
        ``inputs`` (B, 3, H, W) and ``labels`` (B,).

    Raises:
        DataError: If pictures differ in size, or one has not exactly one label.
    """
    shapes = {tuple(sample['inputs'].shape) for sample in samples}
    if len(shapes) > 1:
        raise DataError(
            f'whole_batch_collate: pictures of a batch have shapes {sorted(shapes)}: '
            'resize them alike, or set train_dataloader.collate_fn.type=pseudo_collate'
        )
    labels = [sample['data_samples'].get('gt_label') for sample in samples]
    if any(label is None or len(label) != 1 for label in labels):
        raise DataError(
            'whole_batch_collate: a picture has not exactly one label: '
            'set train_dataloader.collate_fn.type=pseudo_collate'
        )
    return {
        'inputs': torch.stack([sample['inputs'] for sample in samples]),
        'labels': torch.cat(labels),
    }
