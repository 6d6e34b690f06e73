"""Images to patch tokens."""

from torch import Tensor, nn
from torch.nn import functional as F


class PatchEmbedding(nn.Module):
    """Cuts an image into patches and projects each to a token.

    An image whose sides the patch does not divide is padded with zeros at the
    bottom and at the right.

    Args:
        in_channels: Channels of the image.
        embed_dims: Channels C of a token.
        patch_size: Height and width of a patch, in pixels.
        bias: Whether the projection has a bias.
    """

    def __init__(
        self, in_channels: int, embed_dims: int, patch_size: tuple[int, int], bias: bool = True
    ) -> None:
        super().__init__()
        self.patch_size = patch_size
        self.projection = nn.Conv2d(
            in_channels, embed_dims, kernel_size=patch_size, stride=patch_size, bias=bias
        )

    def forward(self, image: Tensor) -> tuple[Tensor, tuple[int, int]]:
        """Embeds a batch of images.

        Args:
            image: Images of shape (B, in_channels, height, width), in pixels.

        Returns:
            Tokens of shape (B, H*W, C) and the grid (H, W).
        """
        height, width = image.shape[-2:]
        bottom, right = -height % self.patch_size[0], -width % self.patch_size[1]
        if bottom or right:
            image = F.pad(image, (0, right, 0, bottom))
        patches = self.projection(image)
        grid = (int(patches.shape[-2]), int(patches.shape[-1]))
        # Tokens in memory as they are read: of a transposed view every LayerNorm would make
        # a copy, and every residual add would mix two layouts.
        return patches.flatten(2).transpose(1, 2).contiguous(), grid
