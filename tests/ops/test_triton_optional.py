"""The Triton backend where it cannot run: other backends work, and one line says why."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import lkca_mm.ops
from lkca_mm.ops import lkca


def message_of(error, x):
    """Runs the backend, which must fail, and returns its words: one line."""
    with pytest.raises(error) as caught:
        lkca(x, torch.zeros(1, 3, 3), (2, 2), 'triton')
    assert '\n' not in str(caught.value)
    return str(caught.value)


def test_errors_of_tensors():
    pytest.importorskip('triton', minversion='3.2')
    message = message_of(ValueError, torch.zeros(1, 4, 1, dtype=torch.float64))
    assert 'fp32' in message and 'float64' in message
    message = message_of(ValueError, torch.zeros(1, 4, 1))
    assert 'triton' in message and 'CUDA' in message and 'cpu' in message


def test_error_without_triton(monkeypatch):
    monkeypatch.delattr(lkca_mm.ops, 'triton_kernels', raising=False)
    monkeypatch.setitem(sys.modules, 'lkca_mm.ops.triton_kernels', None)
    message = message_of(ImportError, torch.zeros(1, 4, 1))
    assert 'Triton 3.2' in message and 'install' in message


def test_operators_load_without_triton():
    """In a process of its own, without the parts of the package that import mmseg."""
    code = (
        'import sys, types, torch\n'
        'sys.modules["triton"] = None\n'
        'sys.modules["lkca_mm"] = package = types.ModuleType("lkca_mm")\n'
        'package.__path__ = ["lkca_mm"]\n'
        'from lkca_mm.ops import lkca\n'
        'lkca(torch.zeros(1, 4, 1), torch.zeros(1, 3, 3), (2, 2))\n'
        'assert "lkca_mm.ops.triton_kernels" not in sys.modules\n'
    )
    subprocess.run(
        [sys.executable, '-c', code],
        check=True,
        cwd=Path(__file__).parents[2],
        env={**os.environ, 'PYTHONPATH': ''},
    )
