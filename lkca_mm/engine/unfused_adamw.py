"""AdamW for PyTorch before 2.4, where ``fused=True`` is an error on a CPU.

Our configs ask for it. A fused step computes what a plain one does, in one kernel.
"""

from collections.abc import Iterable
from typing import Any

import torch
from mmengine.registry import OPTIMIZERS
from packaging.version import Version
from torch import Tensor
from torch.optim import AdamW


class UnfusedAdamW(AdamW):
    """Leaves ``fused`` out where a parameter is not on a CUDA device.

    Args:
        params: Parameters, or groups of them.
        *args: See ``torch.optim.AdamW``.
        fused: Whether to use one kernel for all parameters, where there is one.
        **kwargs: See ``torch.optim.AdamW``.
    """

    def __init__(
        self,
        params: Iterable[Tensor | dict[str, Any]],
        *args: Any,
        fused: bool | None = None,
        **kwargs: Any,
    ) -> None:
        groups = list(params)
        found = (one for group in groups for one in _parameters(group))
        super().__init__(groups, *args, fused=fused and all(p.is_cuda for p in found), **kwargs)


def _parameters(group: Tensor | dict[str, Any]) -> list[Tensor]:
    if not isinstance(group, dict):
        return [group]
    params = group['params']
    return [params] if isinstance(params, Tensor) else list(params)


# Its name in logs and records is the one that it stands for.
UnfusedAdamW.__name__ = 'AdamW'

if Version(torch.__version__) < Version('2.4'):
    OPTIMIZERS.register_module(name='AdamW', module=UnfusedAdamW, force=True)
