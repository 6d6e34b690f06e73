"""Says whether a call ended as it should: it worked, or one line says what is wrong."""

import json
import re
import warnings
import zipfile
from xml.etree import ElementTree

from PIL import Image

from mutations.case import CANARY, REFUSED, UNHANDLED, WORKED, Verdict
from mutations.sandbox import LOG, SECONDS

LONGEST = 1000
_ERROR = re.compile(r'^(?:[\w.]+\.py(?: \w+)?: )?error: (.*)$', re.MULTILINE)
_HALF = re.compile(r'\.(?:part|partial|retired|unpacked|tmp|new)$')


def _is_half(path, copied):
    """Whether a file that a tool has written is not whole; a copy may be as bad as its source."""
    if _HALF.search(path.name) or copied:
        return bool(_HALF.search(path.name))
    try:
        if path.suffix == '.pth':
            with zipfile.ZipFile(path) as archive:
                return archive.testzip() is not None
        if path.suffix == '.png':
            with warnings.catch_warnings():
                warnings.simplefilter('ignore')
                Image.open(path).load()
        elif path.suffix == '.svg':
            ElementTree.parse(path)
        elif path.suffix == '.json' and path.parent.name != 'vis_data':
            json.loads(path.read_text(encoding='utf-8'))
    except Exception:
        return True
    return False


def _fault(case, code, printed):
    """Returns what is wrong with the end of a call; None if nothing is."""
    if code is None:
        return f'no end after {SECONDS:.0f} s'
    if code < 0:
        return f'died of signal {-code}'
    if 'Traceback (most recent call last)' in printed:
        return 'a traceback'
    if (case.folder / CANARY).exists():
        return 'code in the input was run'
    if code == 0:
        return None
    if case.absent is not None and case.absent.exists():
        return f'{case.absent.name} is there after a refusal'
    lines = _ERROR.findall(printed)
    if len(lines) != 1:
        return f'{len(lines)} lines of errors'
    if len(lines[0]) > LONGEST:
        return f'a line of {len(lines[0])} characters'
    if not any(name in lines[0] for name in case.names):
        return f'names none of {", ".join(case.names)}: {lines[0]}'
    return None


def files_of(folder):
    """Returns the files in a folder, with what tells whether they have changed."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob('*') if path.is_file()}


def judge(case, code, seconds, before):
    """Looks at what a call printed and wrote.

    Args:
        case: The case.
        code: Its exit code; None if it was killed.
        seconds: How long it took.
        before: The files in its folder before it began, as of :func:`files_of`.
    """
    log = case.folder / LOG
    printed = log.read_bytes().decode(errors='replace') if log.exists() else ''
    fault = _fault(case, code, printed)
    if fault is None:
        written = [path for path, time in files_of(case.folder).items() if before.get(path) != time]
        half = [
            path.relative_to(case.folder)
            for path in written
            if _is_half(path, case.tool == 'prepare_data')
        ]
        fault = f'left {half[0]} half-written' if half else None
    if fault is not None:
        return Verdict(case, UNHANDLED, fault, seconds)
    if code == 0:
        return Verdict(case, WORKED, '', seconds)
    return Verdict(case, REFUSED, _ERROR.findall(printed)[0], seconds)
