"""One run at a time in a work dir."""

import os
import socket
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

from lkca_mm.errors import ConfigError

_NAME = '.lock'


class WorkDirLock:
    """Holds a work dir for this process until it releases it or ends, however it ends.

    The lock is one of POSIX's, which belongs to a process. One of ``flock`` would be
    shared with the data workers, and those outlive a killed run by some seconds.

    Args:
        work_dir: The folder; it is made.
    """

    def __init__(self, work_dir: str | Path) -> None:
        self.work_dir = Path(work_dir)
        self._file: IO[str] | None = None

    def acquire(self) -> None:
        """Takes the work dir.

        Raises:
            ConfigError: If another process has it.
        """
        self.work_dir.mkdir(parents=True, exist_ok=True)
        file = (self.work_dir / _NAME).open('a+', encoding='utf-8')
        try:
            if fcntl is not None:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            owner = file.read().strip() or 'another process'
            file.close()
            raise ConfigError(
                f'{self.work_dir}: {owner} is training in it; '
                'wait for its end, or name another with --work-dir'
            ) from error
        file.truncate(0)
        file.write(f'process {os.getpid()} on {socket.gethostname()}\n')
        file.flush()
        # The lock goes as soon as the file is closed.
        self._file = file

    def release(self) -> None:
        """Gives the work dir back."""
        if self._file is not None:
            self._file.close()
            self._file = None
