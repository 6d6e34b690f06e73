"""Optimizer groups by what differs between parameters, not one a parameter."""

from typing import Any

from mmengine.optim import DefaultOptimWrapperConstructor
from mmengine.registry import OPTIM_WRAPPER_CONSTRUCTORS
from torch import nn


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class MergedGroupsConstructor(DefaultOptimWrapperConstructor):
    """Takes ``paramwise_cfg`` as mmengine does, and puts parameters alike into one group.

    mmengine makes a group of every parameter. A fused or foreach optimizer works
    through a group at once, so with groups of one it is a loop over parameters, and
    every scheduler is one too.
    """

    def add_params(
        self, params: list[dict[str, Any]], module: nn.Module, prefix: str = '', **kwargs: Any
    ) -> None:
        """Adds the groups of a module.

        Args:
            params: The groups so far, which are added to.
            module: The module.
            prefix: Its name; empty for the whole model.
            **kwargs: See mmengine.
        """
        super().add_params(params, module, prefix=prefix, **kwargs)
        if prefix:  # mmengine's method calls this one for every part of the model
            return
        merged: dict[tuple[Any, ...], dict[str, Any]] = {}
        for group in params:
            options = {name: value for name, value in group.items() if name != 'params'}
            key = tuple(sorted(options.items()))
            merged.setdefault(key, {'params': [], **options})['params'] += group['params']
        params[:] = merged.values()
