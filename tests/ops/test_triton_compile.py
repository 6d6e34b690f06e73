"""The Triton kernels through the real compiler, which needs no GPU.

Every tile that the tuning may try, in every type, is compiled down to machine code;
its registers, its spills and its shared memory are those of the GPU.
"""

import re
import subprocess
from pathlib import Path

import pytest
import torch

triton = pytest.importorskip('triton', minversion='3.5')

from triton.backends.compiler import GPUTarget  # noqa: E402
from triton.compiler import ASTSource  # noqa: E402
from triton.runtime.driver import driver  # noqa: E402

from lkca_mm.ops import triton_kernels, triton_launch  # noqa: E402

TOOLS = Path(triton.__file__).parent / 'backends' / 'nvidia' / 'bin'
pytestmark = [
    pytest.mark.skipif(not list(TOOLS.glob('ptxas*')), reason='Triton came without ptxas'),
    pytest.mark.skipif(triton_kernels.INTERPRETED, reason='the interpreter compiles nothing'),
]
TYPES = {'fp32': torch.float32, 'bf16': torch.bfloat16, 'fp16': torch.float16}
# 16 bytes at a time from device to shared memory, past the registers.
ASYNC_COPY = re.compile(r'cp\.async\S* .*0x10')
# Shared memory that one program may have.
SHARED = {80: 163 * 1024, 90: 227 * 1024, 100: 227 * 1024}


@pytest.fixture(autouse=True, scope='module')
def fresh_cache(tmp_path_factory):
    """Nothing is taken from the user's cache of compiled kernels, nor left there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('TRITON_CACHE_DIR', str(tmp_path_factory.mktemp('triton')))
        yield


def compile_kernel(function, pointers, constants, config, capability, loose, ones):
    """Compiles for a GPU as a launch would.

    Args:
        function: The kernel.
        pointers: Types of its tensors.
        constants: Its constants; those of ``config`` join them.
        config: One of the tuning's configurations.
        capability: 10 * the GPU's compute capability.
        loose: Whether sizes are no multiples of 16, which vectorisation cannot use then.
        ones: Names of the sizes that are 1, which a launch turns into constants.
    """
    constants = {**constants, **config.kwargs, **dict.fromkeys(ones, 1)}
    names = function.arg_names
    signature = {name: 'constexpr' if name in constants else 'i32' for name in names}
    signature.update(pointers)
    divisible = [n for n in names if n in pointers or not (loose or n in constants)]
    compiled = triton.compile(
        ASTSource(
            function,
            signature,
            constants,
            {(names.index(name),): [['tt.divisibility', 16]] for name in divisible},
        ),
        target=GPUTarget('cuda', capability, 32),
        options=dict(num_warps=config.num_warps, num_stages=config.num_stages),
    )
    assert compiled.metadata.shared <= SHARED[capability]
    return compiled


def resources(compiled, folder):
    """Returns registers and spilled bytes of a thread."""
    if not (TOOLS / 'cuobjdump').exists():
        pytest.skip('Triton came without cuobjdump')
    binary = folder / 'kernel.cubin'
    binary.write_bytes(compiled.asm['cubin'])
    command = [str(TOOLS / 'cuobjdump'), '-res-usage', str(binary)]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    found = re.search(r'REG:(\d+) STACK:(\d+)', told.stdout + told.stderr)
    return int(found[1]), int(found[2])


def compile_product(name, config, flip=False, precision='ieee', gpu=90, loose=False, ones=()):
    return compile_kernel(
        triton_kernels.product_kernel,
        dict.fromkeys(('x', 'kernel', 'y'), f'*{name}'),
        dict(FLIP=flip, PRECISION=precision),
        config,
        gpu,
        loose,
        ones,
    )


def compile_correlation(
    name, config, patch, share=384, precision='ieee', gpu=90, loose=False, ones=()
):
    return compile_kernel(
        triton_kernels.correlation_kernel,
        {'a': f'*{name}', 'b': f'*{name}', 'sums': '*fp32'},
        dict(PRECISION=precision, SHARE=share, PATCH_H=patch[0], PATCH_W=patch[1]),
        config,
        gpu,
        loose,
        ones,
    )


def configs_of_product(dtype):
    """Returns what the tuning tries, for few columns and for many."""
    found = {}
    for columns in (16, 64, 4096):
        arguments = dict(x=torch.zeros(1, dtype=dtype), bucket=columns)
        for config in triton_launch._few_tiles(triton_launch.tuned_product.configs, arguments):
            found[str(config)] = config
    return list(found.values())


@pytest.mark.parametrize('name', TYPES)
def test_product(name, tmp_path):
    """The forward pass: on tensor cores in half precision, and without spills."""
    configs = configs_of_product(TYPES[name])
    # The two half precisions differ by a word in one instruction.
    for config in configs if name != 'fp16' else configs[-1:]:
        compiled = compile_product(name, config)
        registers, spilled = resources(compiled, tmp_path)
        print('product', name, config, registers, spilled, compiled.metadata.shared)
        assert spilled == 0, config
        assert ('wgmma' in compiled.asm['ptx']) == (name != 'fp32')
        if config.kwargs['BLOCK_N'] >= 64:
            assert ASYNC_COPY.search(compiled.asm['ptx'])


@pytest.mark.parametrize('name', TYPES)
def test_turned_product(name, tmp_path):
    """The gradient of x costs what the forward pass does."""
    config = configs_of_product(TYPES[name])[-1]
    forward, backward = (compile_product(name, config, flip) for flip in (False, True))
    assert forward.asm['ptx'] != backward.asm['ptx']
    assert forward.metadata.shared == backward.metadata.shared
    assert resources(backward, tmp_path)[1] == 0


@pytest.mark.parametrize('name', TYPES)
def test_correlation(name, tmp_path):
    """The gradient of the kernel."""
    configs = triton_launch.tuned_correlation.configs
    patch = triton_launch.choose_patch((32, 32), TYPES[name].itemsize)
    for config in configs[::2] if name != 'fp16' else configs[:1]:
        compiled = compile_correlation(name, config, patch)
        registers, spilled = resources(compiled, tmp_path)
        print('correlation', name, patch, config, registers, spilled, compiled.metadata.shared)
        assert spilled <= 16, config
        assert ('wgmma' in compiled.asm['ptx']) == (name != 'fp32')
        assert ASYNC_COPY.search(compiled.asm['ptx'])


@pytest.mark.parametrize(('gpu', 'name'), [(80, 'bf16'), (80, 'fp32'), (100, 'bf16')])
def test_other_gpus(gpu, name):
    """Ampere and Blackwell, with sizes that are multiples of nothing, fp32 in tf32."""
    options = dict(gpu=gpu, loose=True, precision='tf32' if name == 'fp32' else 'ieee')
    compile_product(name, configs_of_product(TYPES[name])[-1], **options)
    config = triton_launch.tuned_correlation.configs[0]
    compile_correlation(name, config, (8, 8), share=3, **options)


def test_sizes_of_one():
    """A launch makes constants of them, which other rules of the language apply to."""
    ones = ['tokens', 'width', 'channels', 'share', 'columns', 'reach']
    config = triton_launch.tuned_product.configs[-1]
    compile_product('fp32', config, ones=ones)
    compile_product('fp32', config, ones=[*ones, 'centre'], flip=True)
    ones = ['height', 'width', 'channels', 'columns', 'span_y', 'span_x']
    config = triton_launch.tuned_correlation.configs[-1]
    compile_correlation('fp32', config, (2, 8), share=1, ones=ones)


class FourProcessors:
    """What is asked of a device's properties."""

    multi_processor_count = 4


class PretendedGPU:
    """As much of Triton's driver as compiling for a launch asks for."""

    def get_current_target(self):
        return GPUTarget('cuda', 90, 32)

    def get_current_device(self):
        return 0

    def get_current_stream(self, device):
        return 0


class CompiledOnly:
    """Stands for a tuned kernel: compiles what a launch would, and launches nothing."""

    def __init__(self, tuned):
        self.tuned, self.launches = tuned, []

    def __getitem__(self, grid):
        def launch(*arguments, **constants):
            kernels = self.tuned.warmup(*arguments, grid=(1,), **constants)
            meta = self.tuned.configs[-1].kwargs
            self.launches.append((grid(meta) if callable(grid) else grid, len(kernels)))

        return launch


@pytest.mark.parametrize('grid', [(5, 3), (1, 1)], ids=str)
def test_launches(grid, monkeypatch):
    """All that stands between a call and the GPU: arguments, tiles, Triton's own binding."""
    monkeypatch.setattr(torch.cuda, 'get_device_properties', lambda device: FourProcessors)
    for name in ('tuned_product', 'tuned_correlation'):
        monkeypatch.setattr(triton_launch, name, CompiledOnly(getattr(triton_launch, name)))
    x, kernel = (
        torch.zeros(2, grid[0] * grid[1], 6),
        torch.zeros(3, 2 * grid[0] - 1, 2 * grid[1] - 1),
    )
    monkeypatch.setattr(driver, '_active', PretendedGPU())
    y = triton_launch.product(x, kernel, grid, grid, False)
    sums = triton_launch.correlation(x, x, 3, grid, grid)
    assert (y.shape, sums.shape) == (x.shape, kernel.shape)
    # One tile of tokens and columns, 3 groups; one tuning fits so few columns.
    assert triton_launch.tuned_product.launches == [((1, 3), 1)]
    assert triton_launch.tuned_correlation.launches == [((1, 3, 1), 2)]


@pytest.mark.parametrize('grid', [(1, 1), (1, 7), (14, 14), (31, 17)], ids=str)
def test_every_patch(grid):
    patch = triton_launch.choose_patch(grid, 2)
    config = triton_launch.tuned_correlation.configs[0]
    compile_correlation('bf16', config, patch, share=8)


def test_patches_fit_the_grid():
    assert triton_launch.choose_patch((32, 32), 2) == (16, 8)
    assert triton_launch.choose_patch((32, 32), 4) == (8, 8)
    assert triton_launch.choose_patch((1, 1), 2) == (2, 8)
    assert triton_launch.choose_patch((14, 14), 2) == (16, 8)
    assert triton_launch.choose_patch((28, 28), 2) == (32, 4)
