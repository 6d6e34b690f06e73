"""Named architectures of the trunk."""

from typing import Any

from lkca_mm.errors import ConfigError

ARCH_KEYS = ('embed_dims', 'num_layers', 'num_heads', 'mlp_ratio')


def _arch(*values: int) -> dict[str, Any]:
    return dict(zip(ARCH_KEYS, values, strict=True))


ARCHS: dict[str, dict[str, Any]] = {
    # Segmentation (paper 4.2): DeiT-S and ViT-B in common terms. 'tiny', DeiT-Ti, is ours.
    'tiny': _arch(192, 12, 3, 4),
    'small': _arch(384, 12, 6, 4),
    'base': _arch(768, 12, 12, 4),
    # Classification of small images (Tables 1-5), by the names printed there or the
    # parameters; 'vit-small' and 'lkca-b' have 2.7M, far fewer than the two above.
    'vit-500k': _arch(120, 4, 4, 2),
    'vit-lite': _arch(136, 7, 8, 2),
    'vit-2m': _arch(200, 6, 8, 2),
    'vit-small': _arch(192, 9, 12, 2),
    'vit-4m': _arch(264, 7, 8, 2),
    'vit-8m': _arch(312, 10, 8, 2),
    'lkca-500k': _arch(100, 8, 4, 2),
    'lkca-t': _arch(136, 9, 8, 2),
    'lkca-2m': _arch(192, 9, 12, 2),
    'lkca-b': _arch(210, 10, 10, 2),
    'lkca-4m': _arch(246, 11, 6, 2),
    'lkca-8m': _arch(306, 14, 6, 2),
    'lkca-l': _arch(360, 12, 8, 3),
}
"""Width, layers, heads and MLP ratio of the paper's ViT and LKCA models, and of ``'tiny'``."""


def resolve_arch(arch: str | dict[str, Any]) -> dict[str, Any]:
    """Returns the settings behind ``arch``.

    Args:
        arch: A name in ``ARCHS`` or a dict with the keys ``embed_dims``,
            ``num_layers``, ``num_heads`` and ``mlp_ratio``.

    Raises:
        ConfigError: If the name is unknown, or a key is missing, unknown or not
            a positive number.
    """
    if isinstance(arch, str):
        if arch not in ARCHS:
            raise ConfigError(
                f'arch={arch!r} is unknown; use one of {", ".join(ARCHS)} '
                f'or a dict of {", ".join(ARCH_KEYS)}'
            )
        return dict(ARCHS[arch])
    if not isinstance(arch, dict):
        raise ConfigError(f'arch={arch!r} must be a name or a dict of {", ".join(ARCH_KEYS)}')
    if missing := [key for key in ARCH_KEYS if key not in arch]:
        raise ConfigError(f'arch lacks {", ".join(missing)}; it needs {", ".join(ARCH_KEYS)}')
    if unknown := [str(key) for key in arch if key not in ARCH_KEYS]:
        raise ConfigError(f'arch has unknown keys {", ".join(unknown)}; known: {ARCH_KEYS}')
    for key in ARCH_KEYS:
        kinds = (int, float) if key == 'mlp_ratio' else (int,)
        if isinstance(arch[key], bool) or not isinstance(arch[key], kinds) or arch[key] <= 0:
            raise ConfigError(f'arch: {key}={arch[key]!r} must be a positive number')
    return dict(arch)
