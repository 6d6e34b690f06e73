"""Runs tests where much is unusual: time zone, home, path, and no network.

The checkout is copied to a folder with a space and letters that are not ASCII in its name,
which holds the temporary files too. Where the kernel lets us, the tests run in namespaces
of their own, with a home on a read-only file system and no network but the loopback.

python tests/reliability/surroundings.py [--all] [PYTEST_ARGUMENT ...]
"""

import argparse
import ctypes
import fcntl
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
ODD = 'späce and ünïcode'
FAST = (
    *('tests/test_command.py', 'tests/test_installation.py', 'tests/datasets'),
    *('tests/transforms', 'tests/visualization', 'tests/tools/test_train.py'),
    *('tests/tools/test_predict.py', 'tests/tools/test_prepare_data.py'),
    *('tests/tools/test_publish.py', 'tests/tools/test_untrusted_checkpoints.py'),
)
# What stands in for a namespace where there may be none.
_NO_NETWORK = """
import socket
_connect = socket.socket.connect
def connect(self, address):
    if self.family in (socket.AF_INET, socket.AF_INET6) and not (
        str(address[0]).startswith('127.') or address[0] in ('localhost', '::1')
    ):
        raise OSError(101, 'Network is unreachable')
    return _connect(self, address)
socket.socket.connect = connect
"""
_NAMESPACES = ('unshare', '--mount', '--net', '--map-root-user')
_READ_ONLY, _PRIVATE = 1, (1 << 18) | (1 << 14)  # MS_RDONLY; MS_PRIVATE | MS_REC


def copy_checkout(target):
    """Copies the files that git knows or would know, as they are now."""
    listed = subprocess.run(
        ['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard'],
        cwd=ROOT, check=True, capture_output=True,
    ).stdout.decode()  # fmt: skip
    for name in filter(None, listed.split('\0')):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)


def environment(folder, home):
    """Returns the variables of the tests."""
    temporary = folder / 'tmp'
    temporary.mkdir()
    kept = {key: value for key, value in os.environ.items() if not key.startswith('XDG_')}
    return {
        **kept,
        'TZ': 'Asia/Kathmandu',
        'HOME': str(home),
        'TMPDIR': str(temporary),
        # The copy, not the checkout that is installed.
        'PYTHONPATH': f'{folder / "checkout"}{os.pathsep}{folder / "site"}',
        'PYTHONDONTWRITEBYTECODE': '1',
    }


def enter(home):
    """Makes the home read-only and switches the loopback on, inside new namespaces."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mount(None, b'/', None, _PRIVATE, None)
    if libc.mount(b'tmpfs', os.fsencode(home), b'tmpfs', _READ_ONLY, None):
        raise OSError(ctypes.get_errno(), 'cannot mount a read-only home')
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        request = struct.pack('16sh14x', b'lo', 1)  # IFF_UP
        fcntl.ioctl(one, 0x8914, request)  # SIOCSIFFLAGS


def check_surroundings(folder):
    """Makes sure that everything is as unusual as it should be.

    Raises:
        RuntimeError: If something is not.
    """
    import time

    import lkca_mm

    problems = []
    if time.strftime('%z') != '+0545':
        problems.append(f'the time zone is {time.strftime("%z")}')
    if not lkca_mm.__file__.startswith(str(folder)):
        problems.append(f'lkca_mm is {lkca_mm.__file__}')
    try:
        (Path.home() / 'written').touch()
        problems.append(f'{Path.home()} can be written to')
    except OSError:
        pass
    try:
        socket.create_connection(('192.0.2.1', 80), timeout=3).close()
        problems.append('there is a network')
    except TimeoutError:
        problems.append('packets leave this machine')
    except OSError:
        pass
    if problems:
        raise RuntimeError('; '.join(problems))


def _can_have_namespaces():
    try:
        return subprocess.run([*_NAMESPACES, 'true'], capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


def run(arguments):
    """Copies, and runs the tests in the copy; returns pytest's exit code."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / ODD
        copy_checkout(folder / 'checkout')
        (folder / 'site').mkdir()
        home = folder / 'home'
        home.mkdir()
        inside = [sys.executable, str(folder / 'checkout' / 'tests/reliability/surroundings.py')]
        namespaces = _can_have_namespaces()
        if not namespaces:
            (folder / 'site' / 'sitecustomize.py').write_text(_NO_NETWORK)
            if os.geteuid() == 0:  # whom no permission stops
                home = Path('/proc/home')
            else:
                home.chmod(0o555)
        variables = environment(folder, home)
        way = 'namespaces' if namespaces else 'no namespaces: /proc or a closed folder as home'
        print(f'{folder / "checkout"}, TZ={variables["TZ"]}, HOME={home}, {way}', flush=True)
        command = [*_NAMESPACES] * namespaces + inside + ['--inside', *arguments]
        return subprocess.run(command, cwd=folder / 'checkout', env=variables).returncode


def main():
    """Runs the tests; returns pytest's exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--all', action='store_true', help='the whole suite')
    parser.add_argument('--inside', action='store_true', help=argparse.SUPPRESS)
    args, arguments = parser.parse_known_args()
    if not args.inside:
        return run(
            [*(() if args.all or any('tests' in a for a in arguments) else FAST), *arguments]
        )
    folder = Path.cwd().parent
    if not (folder / 'site' / 'sitecustomize.py').exists():
        enter(folder / 'home')
    check_surroundings(folder)
    return subprocess.run([sys.executable, '-m', 'pytest', *arguments]).returncode


if __name__ == '__main__':
    sys.exit(main())
