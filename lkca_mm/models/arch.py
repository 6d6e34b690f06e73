"""Named architectures of the trunk."""

from typing import Any

from lkca_mm.errors import ConfigError

# width / layers / heads / MLP ratio (paper 4.2; DeiT-S and ViT-B in common terms)
ARCHS: dict[str, dict[str, Any]] = {
    'small': {'embed_dims': 384, 'num_layers': 12, 'num_heads': 6, 'mlp_ratio': 4},
    'base': {'embed_dims': 768, 'num_layers': 12, 'num_heads': 12, 'mlp_ratio': 4},
}
ARCH_KEYS = ('embed_dims', 'num_layers', 'num_heads', 'mlp_ratio')


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
