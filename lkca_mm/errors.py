"""Errors that a user can act on: one line that names the thing and says what to do."""


class LKCAError(Exception):
    """Base of the errors that the command-line tools print as a single line."""


class InstallationError(LKCAError, ImportError):
    """A package is missing, too old, or installed twice."""


class ConfigError(LKCAError, ValueError):
    """A config key holds a value that cannot work."""


class DataError(LKCAError):
    """A data file or folder is missing, unreadable, or holds impossible values."""


class CheckpointError(LKCAError):
    """A checkpoint is unreadable or belongs to another model."""


class DamagedCheckpointError(CheckpointError):
    """A checkpoint is cut short, or bytes of it have changed."""


class UntrustedCheckpointError(CheckpointError):
    """A checkpoint holds what could run code."""


class TrainingError(LKCAError):
    """Training cannot go on."""
