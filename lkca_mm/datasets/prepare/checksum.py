"""Checksums of files, written as ``algorithm:hexdigits``."""

import hashlib
from pathlib import Path

_LENGTHS = {'md5': 32, 'sha1': 40, 'sha256': 64}
_BLOCK = 1 << 20


def split_checksum(checksum: str) -> tuple[str, str]:
    """Splits ``'sha1:219e...'`` into the algorithm and the lower-case digits.

    Raises:
        ValueError: The algorithm is unknown or the digits are not its length.
    """
    algorithm, _, digits = checksum.partition(':')
    if len(digits) != _LENGTHS.get(algorithm):
        names = ', '.join(_LENGTHS)
        raise ValueError(f'checksum {checksum!r} is not ALGORITHM:DIGITS with one of {names}')
    return algorithm, digits.lower()


def file_checksum(path: Path, algorithm: str) -> str:
    """Returns the checksum of a file as ``algorithm:hexdigits``."""
    # Checksums here notice damage; security policies that forbid MD5 and SHA-1
    # for signatures must not stop that.
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with path.open('rb') as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return f'{algorithm}:{digest.hexdigest()}'
