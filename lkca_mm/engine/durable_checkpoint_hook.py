"""Checkpoints that replace each other without a moment in which there is none."""

from collections import deque
from pathlib import Path
from typing import Any

from mmengine.dist import is_main_process
from mmengine.hooks import CheckpointHook
from mmengine.registry import HOOKS

from lkca_mm.engine.durable import write_durably
from lkca_mm.engine.newest_checkpoint import POINTER


class _LateRemoval:
    """A file backend that notes what to remove instead of removing it.

    Args:
        backend: The file backend.
    """

    def __init__(self, backend: Any) -> None:
        self._backend = backend
        self.noted: list[str] = []

    def remove(self, path: str) -> None:
        """Notes a file."""
        self.noted.append(str(path))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)


@HOOKS.register_module()
class DurableCheckpointHook(CheckpointHook):
    """mmengine's hook, which removes old checkpoints when the new one is on the disk.

    mmengine removes first: with ``max_keep_ckpts=1`` a run that is killed while it
    saves has nothing left. Here the disk holds one checkpoint more for a moment.
    """

    def _save_checkpoint_with_step(self, runner: Any, step: int, meta: dict[str, Any]) -> None:
        kept: list[int] = []
        if self.max_keep_ckpts > 0:
            kept = [*self.keep_ckpt_ids]
            if not kept or kept[-1] != step:
                kept.append(step)
            # With those that are removed below: a run that is killed before removes
            # them when it resumes.
            runner.message_hub.update_info('keep_ckpt_ids', list(kept))
        name = self.filename_tmpl.format(step)
        self.last_ckpt = self.file_backend.join_path(self.out_dir, name)
        runner.message_hub.update_info('last_ckpt', self.last_ckpt)
        runner.save_checkpoint(
            self.out_dir,
            name,
            self.file_client_args,
            save_optimizer=self.save_optimizer,
            save_param_scheduler=self.save_param_scheduler,
            meta=meta,
            by_epoch=self.by_epoch,
            backend_args=self.backend_args,
            **self.args,
        )
        if is_main_process():
            write_durably(Path(runner.work_dir) / POINTER, str(self.last_ckpt))
        if kept:
            surplus, kept = kept[: -self.max_keep_ckpts], kept[-self.max_keep_ckpts :]
            self.keep_ckpt_ids = deque(kept, self.max_keep_ckpts)
            runner.message_hub.update_info('keep_ckpt_ids', kept)
            if is_main_process():
                for old in surplus:
                    self._remove(self.filename_tmpl.format(old))

    def _save_best_checkpoint(self, runner: Any, metrics: dict[str, Any]) -> None:
        backend = self.file_backend
        self.file_backend = late = _LateRemoval(backend)
        try:
            super()._save_best_checkpoint(runner, metrics)
        finally:
            self.file_backend = backend
        # A validation that is made up for may give the best checkpoint its old name.
        best = {value for key, value in runner.message_hub.runtime_info.items()
                if key.startswith('best_ckpt')}  # fmt: skip
        for path in late.noted:
            if path not in best and backend.isfile(path):
                backend.remove(path)

    def _remove(self, name: str) -> None:
        path = self.file_backend.join_path(self.out_dir, name)
        if self.file_backend.isfile(path):
            self.file_backend.remove(path)
