"""Registration in timm, without importing it: that takes longer than all else of this package.

timm's registry exists once timm is imported, so the names are added right then, or at
once if it has been.
"""

import importlib
import sys
import warnings
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


class _AfterTimm(MetaPathFinder):
    """Finds timm as Python would, and has our models registered behind its import."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Returns timm's spec with a longer end; None for anything else."""
        if name != 'timm':
            return None
        for finder in sys.meta_path:
            spec = None if finder is self else finder.find_spec(name, path, target)
            if spec is not None and spec.loader is not None:
                break
        else:
            return None
        execute = spec.loader.exec_module

        def execute_and_register(module: ModuleType) -> None:
            execute(module)
            _register()

        spec.loader.exec_module = execute_and_register
        return spec


def _register() -> None:
    try:
        importlib.import_module('lkca_mm.models.timm_entrypoints')
    except ImportError as error:
        warnings.warn(
            f'timm is without the models of lkca_mm ({error}); they need `timm>=1.0.9`',
            stacklevel=2,
        )


def register_in_timm() -> None:
    """Makes ``timm.create_model`` know our models, whether timm is imported before or later."""
    if 'timm' in sys.modules:
        _register()
    elif not any(isinstance(finder, _AfterTimm) for finder in sys.meta_path):
        sys.meta_path.insert(0, _AfterTimm())
