"""Importing is cheap, and each room imports only what it should."""

import ast
import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOOLS = sorted(path.name for path in (ROOT / 'tools').glob('*.py'))


def imported_names(folder):
    """Yields each Python file below a folder with a name that it imports."""
    for path in (ROOT / folder).rglob('*.py'):
        for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
            if isinstance(node, ast.Import):
                yield from ((path, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from ((path, f'{node.module}.{alias.name}') for alias in node.names)


def test_the_operator_needs_torch_alone():
    """lkca_mm/ops could be lifted out."""
    for path, name in imported_names('lkca_mm/ops'):
        top, ours = name.split('.')[0], name.startswith('lkca_mm.ops')
        assert ours or top == 'torch' or top in sys.stdlib_module_names, (path, name)


@pytest.mark.parametrize('folder', ['lkca_mm', 'tools', 'configs'])
def test_no_file_of_ours_needs_compiled_operators(folder):
    """`mmcv.ops` is imported nowhere, so a build of mmcv without it will do."""
    for path, name in imported_names(folder):
        assert not name.startswith('mmcv.ops'), path


def test_importing_the_package_registers_and_loads_nothing_else():
    """So it works without timm and vit-pytorch, which take longer to import than all else."""
    code = (
        'import sys, json, warnings; warnings.simplefilter("ignore"); import lkca_mm.models; '
        'print(json.dumps(sorted(sys.modules)))'
    )
    ran = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    modules = json.loads(ran.stdout.splitlines()[-1])
    ours = [name for name in modules if name.split('.')[0] == 'lkca_mm']
    assert len(ours) <= 55, ours
    rooms = ('apis', 'benchmark', 'export', 'paper', 'datasets.prepare', 'datasets.scenes')
    assert not [name for name in ours if name.startswith(tuple(f'lkca_mm.{r}' for r in rooms))]
    assert not {'timm', 'onnxruntime', 'jinja2', 'pooch', 'vit_pytorch'} & set(modules)


@pytest.mark.parametrize('tool', TOOLS)
def test_help_is_quick(tool):
    """In CPU time; torch and OpenMMLab alone take longer to import."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, str(ROOT / 'tools' / tool), '--help']
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert 'usage:' in ran.stdout
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 2.5
