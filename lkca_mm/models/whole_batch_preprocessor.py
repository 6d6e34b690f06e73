"""Mixup and labels of a whole batch at once."""

from typing import Any

from mmpretrain.models import ClsDataPreprocessor
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample


@MODELS.register_module()
class WholeBatchPreprocessor(ClsDataPreprocessor):
    """mmpretrain's preprocessor, for batches that ``whole_batch_collate`` made too.

    mmpretrain's goes through a batch picture by picture: a transfer, a label, a
    one-hot vector and two data samples each, about as long as a GPU's whole step for
    small pictures. Here each is one operation on the batch, the random numbers are
    the same, nothing waits for the device, and the head receives one data sample
    that holds the labels of all pictures (B,), or their mixed one-hot vectors (B,
    classes), as ``gt_label``.

    Args:
        **settings: Those of mmpretrain's ``ClsDataPreprocessor``.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        # The loader pins what it hands over, so the copy can overlap with computing.
        self._non_blocking = True

    def forward(self, data: dict[str, Any], training: bool = False) -> dict[str, Any]:
        """Moves a batch to the device, normalises it and mixes it in training.

        Args:
            data: ``inputs`` with ``labels``, or any batch of mmpretrain's.
            training: Whether the batch augmentations apply.

        Returns:
            ``inputs`` and ``data_samples``.
        """
        if 'labels' not in data:
            return super().forward(data, training)
        inputs = super().forward({'inputs': data['inputs']}, training)['inputs']
        target = self.cast_data(data['labels'])
        if self.to_onehot:
            # Not F.one_hot, which reads the smallest and the largest label first.
            zeros = target.new_zeros(len(target), self.num_classes)
            target = zeros.scatter_(1, target[:, None], 1)
        if training and self.batch_augments is not None:
            # mmpretrain shuffles by a permutation that it makes on the CPU; in this
            # context it is made where the batch is, and no transfer holds up the host.
            with inputs.device:
                inputs, target = self.batch_augments(inputs, target)
        sample = DataSample()
        sample.set_field(target, 'gt_label')
        return {'inputs': inputs, 'data_samples': [sample]}
