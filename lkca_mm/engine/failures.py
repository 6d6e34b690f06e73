"""What ended a training run, in words."""

import errno
import os
import re
from typing import Any

from lkca_mm.errors import LKCAError, TrainingError

_WORKER = re.compile(r'DataLoader worker \(pid(?:\(s\))? ([\d, ]+)\)')
# What gloo and NCCL say when a process at the other end is gone.
_PEER = re.compile(r'[Cc]onnection (?:closed|reset|refused)|[Bb]roken pipe|NCCL|gloo|[Ss]ocket')
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def name_failure(error: Exception, runner: Any) -> LKCAError | None:
    """Returns an error that says what happened at which iteration.

    Args:
        error: What training ended with.
        runner: The runner.

    Returns:
        None if the error says so itself, or nobody foresaw it.
    """
    if isinstance(error, LKCAError):
        return None
    where = f'at iteration {runner.message_hub.get_info("iter", 0) + 1}'
    text = str(error)
    worker = _WORKER.search(text)
    if worker:
        return TrainingError(
            f'the data worker {worker[1].strip()} died {where}, perhaps for want of memory: lower '
            'train_dataloader.num_workers or batch_size, and go on with --resume'
        )
    if isinstance(error, OSError) and error.errno in _FULL:
        return TrainingError(
            f'{error.filename or runner.work_dir}: {error.strerror} {where}: '
            'make room and go on with --resume'
        )
    if runner.world_size > 1 and isinstance(error, RuntimeError) and _PEER.search(text):
        return TrainingError(
            f'lost another process {where} (process {os.getpid()} was waiting for it); '
            'go on with --resume'
        )
    return None
