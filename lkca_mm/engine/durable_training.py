"""What every training run has, whichever of mmengine's runners it is."""

from pathlib import Path
from typing import Any

from lkca_mm.command import describe

from mmengine.dataset import InfiniteSampler
from mmengine.registry import DATA_SAMPLERS
from mmengine.runner import BaseLoop

from lkca_mm.engine.bad_loss_hooks import SkipBadLossHook, StopOnBadLossHook
from lkca_mm.engine.seeds import IterationSeedHook
from lkca_mm.errors import CheckpointError, ConfigError, LKCAError

NOTES = 'skipped_samples.txt'
"""The file of a work dir that names the samples which were left out."""


class DurableTraining:
    """Makes a runner's epochs, sampler and checkpoints ones that can go on in their middle.

    To be put before mmengine's runner among the bases of a class. The config stays as it
    is. Two more settings are read from it: ``on_bad_sample`` and ``on_bad_loss``, each
    ``'stop'`` or ``'skip'``.
    """

    def resume(self, filename: str, *args: Any, **kwargs: Any) -> None:
        """Goes on from a checkpoint.

        Args:
            filename: The checkpoint's file.
            *args: As for mmengine's method.
            **kwargs: As for mmengine's method.

        Raises:
            CheckpointError: If something in it does not fit this run.
        """
        try:
            super().resume(filename, *args, **kwargs)
        except LKCAError:
            raise
        except Exception as error:
            raise CheckpointError(
                f'{filename}: training cannot go on from it: {describe(error)}'
            ) from error

    def register_hooks(
        self,
        default_hooks: dict[str, Any] | None = None,
        custom_hooks: list[Any] | None = None,
    ) -> None:
        """Registers the config's hooks and those that every training run has."""
        hooks = dict(default_hooks or {})
        checkpoint = hooks.get('checkpoint', {'type': 'CheckpointHook', 'interval': 1})
        if isinstance(checkpoint, dict) and checkpoint.get('type') == 'CheckpointHook':
            hooks['checkpoint'] = {**checkpoint, 'type': 'DurableCheckpointHook'}
        super().register_hooks(hooks, custom_hooks)
        self.register_hook(IterationSeedHook(every=self.deterministic))
        skips = _choice(self.cfg, 'on_bad_loss') == 'skip'
        self.register_hook(SkipBadLossHook() if skips else StopOnBadLossHook())

    def build_train_loop(self, loop: BaseLoop | dict[str, Any]) -> BaseLoop:
        """Builds the loop, with epochs and a sampler that can go on in their middle."""
        if isinstance(loop, dict):
            loop = dict(loop)
            if loop.get('type') == 'EpochBasedTrainLoop' or loop.pop('by_epoch', False):
                loop['type'] = 'ResumableEpochLoop'
            elif 'type' not in loop:
                loop['type'] = 'IterBasedTrainLoop'
            if isinstance(self._train_dataloader, dict):
                by_iteration = loop['type'] == 'IterBasedTrainLoop'
                self._train_dataloader = self._prepare_loader(self._train_dataloader, by_iteration)
        return super().build_train_loop(loop)

    def _prepare_loader(self, loader: dict[str, Any], by_iteration: bool) -> dict[str, Any]:
        """Returns the config of the training data with our wrappers around its parts."""
        loader = dict(loader)
        if _choice(self.cfg, 'on_bad_sample') == 'skip':
            notes = str(Path(self.work_dir) / NOTES)
            loader['dataset'] = {
                'type': 'SkippingDataset',
                'dataset': loader['dataset'],
                'notes': notes,
            }
        if self.deterministic:
            _check_deterministic(loader, by_iteration)
            loader['dataset'] = {
                'type': 'SeededDataset',
                'dataset': loader['dataset'],
                'seed': self.seed,
            }
        # mmengine's infinite sampler can begin in the middle by itself; a sampler of
        # batches may want more of its sampler than indices.
        if self.deterministic or not (by_iteration or loader.get('batch_sampler')):
            loader['sampler'] = {
                'type': 'PositionedSampler',
                'sampler': loader['sampler'],
                'numbered': self.deterministic,
            }
        return loader


def _choice(config: Any, key: str) -> str:
    value = config.get(key, 'stop')
    if value not in ('stop', 'skip'):
        raise ConfigError(f"{key}={value!r} must be 'stop' or 'skip'")
    return value


def _check_deterministic(loader: dict[str, Any], by_iteration: bool) -> None:
    """Looks for what would not be drawn alike after a resume.

    Raises:
        ConfigError: If there is such a thing.
    """
    if loader.get('batch_sampler'):
        raise ConfigError(
            '--deterministic cannot number the samples of train_dataloader.batch_sampler; '
            'set batch_size and drop_last of train_dataloader instead'
        )
    kind = loader['sampler'].get('type')
    kind = DATA_SAMPLERS.get(kind) if isinstance(kind, str) else kind
    if by_iteration and not (isinstance(kind, type) and issubclass(kind, InfiniteSampler)):
        raise ConfigError(
            '--deterministic with IterBasedTrainLoop needs a sampler without an end; '
            "set train_dataloader.sampler.type='InfiniteSampler'"
        )
