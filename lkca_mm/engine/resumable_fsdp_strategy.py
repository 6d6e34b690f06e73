"""mmengine's FSDP strategy, whose checkpoints any number of processes goes on from."""

from typing import Any

import torch
from mmengine._strategy import FSDPStrategy
from mmengine.registry import STRATEGIES
from torch.distributed.fsdp import FullyShardedDataParallel

_WRAPPER = 'MMFullyShardedDataParallel'


@STRATEGIES.register_module()
class ResumableFSDPStrategy(FSDPStrategy):
    """Keeps the whole model and the whole state of the optimiser in one file.

    It also runs on CPUs with gloo, for tests, where mmengine's crashes in saving.

    Args:
        model_wrapper: Settings of mmengine's ``MMFullyShardedDataParallel``.
        **kwargs: Settings of mmengine's ``FSDPStrategy`` but ``state_dict_cfg``.
    """

    def __init__(self, *, model_wrapper: dict[str, Any] | None = None, **kwargs: Any) -> None:
        model_wrapper = {'type': _WRAPPER, **(model_wrapper or {})}
        if torch.cuda.is_available():
            kwargs['state_dict_cfg'] = 'full'
        else:
            model_wrapper.setdefault('device_id', 'cpu')
            # With `offload_to_cpu`, weights that are on the CPU already would not be
            # copied, and share the memory that FSDP frees next.
            kwargs['state_dict_cfg'] = {
                'state_dict_type': 'FULL_STATE_DICT',
                'state_dict_config': {'type': 'FullStateDictConfig', 'rank0_only': True},
                'optim_state_dict_config': {'type': 'FullOptimStateDictConfig', 'rank0_only': True},
            }
        super().__init__(model_wrapper=model_wrapper, **kwargs)

    def load_optim_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Loads this process's part of the optimiser's state.

        Args:
            state_dict: The whole state, as a checkpoint holds it.
        """
        # By name: PyTorch 2.1 changed the order, and mmengine kept the older one.
        part = FullyShardedDataParallel.optim_state_dict_to_load(
            model=self.model, optim=self.optim_wrapper.optimizer, optim_state_dict=state_dict
        )
        self.optim_wrapper.load_state_dict(part)
