"""mmengine's runner, for runs that may be ended at any moment."""

from pathlib import Path
from typing import Any

from lkca_mm.command import describe

from mmengine.dataset import InfiniteSampler
from mmengine.dist import master_only
from mmengine.optim import OptimWrapper
from mmengine.registry import DATA_SAMPLERS, RUNNERS
from mmengine.runner import BaseLoop, Runner

from lkca_mm.engine.bad_loss_hooks import SkipBadLossHook, StopOnBadLossHook
from lkca_mm.engine.checkpoint_form import check_optimizer
from lkca_mm.engine.durable import PART, replace_durably
from lkca_mm.engine.seeds import IterationSeedHook
from lkca_mm.errors import CheckpointError, ConfigError, LKCAError

NOTES = 'skipped_samples.txt'
"""The file of a work dir that names the samples which were left out."""


@RUNNERS.register_module()
class TrainingRunner(Runner):
    """Trains a config so that nothing is lost when the process is killed.

    The config stays as it is; its epochs, its sampler and its checkpoint hook become
    ours where they are mmengine's. Two more settings are read from it:
    ``on_bad_sample`` and ``on_bad_loss``, each ``'stop'`` or ``'skip'``.
    """

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
        if isinstance(self.optim_wrapper, OptimWrapper):
            check_optimizer(self.optim_wrapper.optimizer, filename)

    @master_only
    def save_checkpoint(self, out_dir: str, filename: str, *args: Any, **kwargs: Any) -> None:
        """Saves a checkpoint beside its place and moves it there when it is on the disk.

        Args:
            out_dir: The folder.
            filename: The name of the file.
            *args: As for mmengine's method.
            **kwargs: As for mmengine's method.

        Raises:
            CheckpointError: If it cannot be written, for example to a full disk.
        """
        if '://' in str(out_dir):  # storage that is not a disk knows no half files
            super().save_checkpoint(out_dir, filename, *args, **kwargs)
            return
        path = Path(out_dir) / filename
        part = path.with_name(path.name + PART)
        try:
            super().save_checkpoint(str(out_dir), part.name, *args, **kwargs)
            replace_durably(part, path)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise CheckpointError(
                f'{path}: cannot be written ({error.strerror or error}); the checkpoints before it '
                'are as they were: make room and go on with --resume'
            ) from error


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
