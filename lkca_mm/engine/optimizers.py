"""Optimizers, parameter groups and mixed precision that configs name beside mmengine's."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from mmengine.optim import DefaultOptimWrapperConstructor, OptimWrapper
from mmengine.registry import OPTIM_WRAPPER_CONSTRUCTORS, OPTIM_WRAPPERS, OPTIMIZERS
from packaging.version import Version
from torch import Tensor, nn
from torch.optim import AdamW

_FUSED_ON_CPU = Version(torch.__version__) >= Version('2.4')


@OPTIMIZERS.register_module(name='FusedAdamW')
def fused_adamw(params: Iterable[Tensor | dict[str, Any]], **kwargs: Any) -> AdamW:
    """Builds ``torch.optim.AdamW``, with its fused kernel wherever PyTorch has one.

    Before PyTorch 2.4 that is on CUDA only, and asking for it elsewhere is an error.
    """
    groups = list(params)
    weights = (
        w for group in groups for w in (group['params'] if isinstance(group, dict) else [group])
    )
    fused = _FUSED_ON_CPU or all(weight.is_cuda for weight in weights)
    return AdamW(groups, fused=fused or None, **kwargs)


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class MergedGroupsConstructor(DefaultOptimWrapperConstructor):
    """Takes ``paramwise_cfg`` as mmengine does, and merges groups with equal options.

    mmengine makes a group of every parameter, and a fused optimizer updates a group at once.
    """

    def add_params(
        self, params: list[dict[str, Any]], module: nn.Module, prefix: str = '', **kwargs: Any
    ) -> None:
        """Adds the groups of a module to ``params``, in place; see mmengine."""
        super().add_params(params, module, prefix=prefix, **kwargs)
        if prefix:  # mmengine's method calls this one for every submodule
            return
        merged: dict[tuple[Any, ...], dict[str, Any]] = {}
        for group in params:
            options = {name: value for name, value in group.items() if name != 'params'}
            key = tuple(sorted(options.items()))
            merged.setdefault(key, {'params': [], **options})['params'] += group['params']
        params[:] = merged.values()


@OPTIM_WRAPPERS.register_module()
class BFloat16OptimWrapper(OptimWrapper):
    """Runs the forward pass under bf16 autocast; weights and optimizer stay in fp32.

    bf16 has the range of fp32, so no loss scaling is needed. mmengine's ``AmpOptimWrapper``
    scales the loss for bf16 too and refuses to run on a CPU.
    """

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Wraps the forward pass of ``model``."""
        device = next(model.parameters()).device.type
        with super().optim_context(model), torch.autocast(device, torch.bfloat16):
            yield
