"""From a picture to raw logits: what an exported file computes."""

import torch
from torch import Tensor, nn

from lkca_mm.export.errors import ExportError
from lkca_mm.export.normalization import Normalization
from lkca_mm.inference.network import segments


class LogitsModel(nn.Module):
    """A network between a normalised picture, or one of values 0 to 255, and its logits.

    Args:
        network: A classifier of mmpretrain or a segmentor of mmseg.
        size: Height and width of the pictures.
        normalization: What is to happen to values from 0 to 255 first; None where the
            pictures come normalised.
    """

    def __init__(
        self, network: nn.Module, size: tuple[int, int], normalization: Normalization | None
    ) -> None:
        super().__init__()
        self.network, self.size = network, tuple(size)
        self.normalized = normalization is not None
        if normalization is not None:
            self.register_buffer('mean', torch.tensor(normalization.mean)[:, None, None])
            self.register_buffer('std', torch.tensor(normalization.std)[:, None, None])
        self.eval()

    def forward(self, image: Tensor) -> Tensor:
        """Maps pictures (B, 3, H, W) to logits: (B, classes), or (B, classes, H, W).

        A segmentor's logits are resized to the picture, as mmseg does before it
        picks the class of each pixel.
        """
        if self.normalized:
            image = (image - self.mean) / self.std
        if segments(self.network):
            meta = {'img_shape': self.size, 'pad_shape': self.size, 'ori_shape': self.size}
            logits = self.network.encode_decode(image, [meta])
        else:
            logits = self.network(image, mode='tensor')
        if not isinstance(logits, Tensor):
            raise ExportError(
                f'{type(self.network).__name__} returns a {type(logits).__name__} instead of '
                'logits, which no file of this tool holds'
            )
        return logits
