"""The sheet of kernels shows the parameters themselves, over the offsets that they stand for."""

import numpy as np
import pytest
import torch

from lkca_mm.errors import ConfigError, DataError
from lkca_mm.models import LKCAViT, PlainViT
from lkca_mm.visualization.figure import check_picture_path, plotter, save_figure, save_pixels
from lkca_mm.visualization.kernel_sheet import draw_kernel_sheet
from lkca_mm.visualization.kernels import find_kernels


def trunk(layers=3, kind=LKCAViT, **settings):
    torch.manual_seed(0)
    arch = dict(embed_dims=8, num_layers=layers, num_heads=2, mlp_ratio=2)
    return kind(arch=arch, img_size=(12, 20), patch_size=4, kernel_init='conv', **settings)


@pytest.fixture
def drawn(monkeypatch):
    """What imshow is handed: pixels, scale and extent."""
    from matplotlib.axes import Axes

    calls, original = [], Axes.imshow

    def imshow(self, pixels, **settings):
        calls.append((np.array(pixels), settings))
        return original(self, pixels, **settings)

    monkeypatch.setattr(Axes, 'imshow', imshow)
    return calls


@pytest.mark.parametrize('num_kernels', [1, 4])
def test_sheet_draws_the_parameters(tmp_path, drawn, num_kernels):
    backbone = trunk(num_kernels=num_kernels)
    draw_kernel_sheet(find_kernels(backbone), 'a title', tmp_path / 'sheet.svg')
    # A grid of 3 x 5 has offsets up to 2 rows and 4 columns.
    expected = [
        kernel.detach().numpy() for layer in backbone.layers for kernel in layer.mixer.kernel
    ]
    assert len(drawn) == len(expected) == 3 * num_kernels
    for (pixels, settings), kernel in zip(drawn, expected, strict=True):
        assert pixels.shape == (5, 9) and (pixels == kernel).all()
        assert settings['vmax'] == -settings['vmin'] == abs(kernel).max()
        # The middle of the first pixel is its offset; rows grow downwards.
        assert settings['extent'] == (-4.5, 4.5, 2.5, -2.5)
    text = (tmp_path / 'sheet.svg').read_text()
    assert all(word in text for word in ('a title', 'layer 0', 'layer 2', 'dx, tokens'))
    assert f'scale ±{abs(expected[0]).max():.2g}' in text


def test_many_kernels_are_cut_and_the_title_says_so(tmp_path, drawn):
    draw_kernel_sheet(find_kernels(trunk(num_kernels=8)), 'a title', tmp_path / 'a.svg', 3)
    assert len(drawn) == 9
    assert 'the first 3 of 8 kernels a layer' in (tmp_path / 'a.svg').read_text()


def test_kernels_of_zeros_have_a_scale(tmp_path, drawn):
    backbone = trunk(layers=1)
    torch.nn.init.zeros_(backbone.layers[0].mixer.kernel)
    draw_kernel_sheet(find_kernels(backbone), 'a title', tmp_path / 'a.svg')
    assert not drawn[0][0].any() and drawn[0][1]['vmax'] == 1
    assert 'all taps are 0' in (tmp_path / 'a.svg').read_text()


def test_layers_are_found_by_their_numbers():
    backbone = trunk(4, mixers=['lkca', 'mhsa', 'lkca+mhsa', 'lkca'])
    assert [layer.layer for layer in find_kernels(backbone)] == ['0', '2', '3']
    (chosen,) = find_kernels(torch.nn.Sequential(backbone), ['2'])
    assert (chosen.weights == backbone.layers[2].mixer.lkca.kernel.detach().numpy()).all()
    with pytest.raises(ConfigError, match='no LKCA layer 1; there are 0, 2, 3'):
        find_kernels(backbone, ['0', '1'])


def test_model_without_lkca():
    with pytest.raises(ConfigError, match='PlainViT has no LKCA layer'):
        find_kernels(trunk(kind=PlainViT))


# --- the files -----------------------------------------------------------------------


def figure():
    made, axis = plotter().subplots()
    axis.plot([1, 2], label='a line')
    axis.legend()
    return made


def test_same_figure_same_bytes(tmp_path):
    for name in ('a.svg', 'b.svg'):
        save_figure(figure(), tmp_path / 'new' / name)
    first, second = ((tmp_path / 'new' / name).read_bytes() for name in ('a.svg', 'b.svg'))
    assert first == second
    assert b'<dc:date>' not in first and b'a line' in first
    assert not plotter().get_fignums()


@pytest.mark.parametrize('name', ['picture.pdf', 'picture', '.svg'])
def test_other_suffixes_are_refused(name):
    with pytest.raises(ConfigError, match=r'must end with \.png or \.svg'):
        check_picture_path(name)


def test_folder_is_no_picture(tmp_path):
    (tmp_path / 'a.png').mkdir()
    with pytest.raises(ConfigError, match='is a folder'):
        check_picture_path(tmp_path / 'a.png')


def test_failed_write_keeps_the_old_figure(tmp_path, monkeypatch):
    from matplotlib.figure import Figure

    path = tmp_path / 'a.png'
    path.write_bytes(b'old')

    def fail(self, part, **settings):
        part.write_bytes(b'half')
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(Figure, 'savefig', fail)
    with pytest.raises(DataError, match=r'a\.png: cannot be written \(No space'):
        save_figure(figure(), path)
    assert path.read_bytes() == b'old'
    assert [file.name for file in tmp_path.iterdir()] == ['a.png']


def test_pixels_in_an_svg_are_the_pixels(tmp_path):
    import base64
    import io
    import re

    from PIL import Image

    picture = np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)
    save_pixels(picture, tmp_path / 'a.svg')
    text = (tmp_path / 'a.svg').read_text()
    data = re.search(r'data:image/png;base64,\s*([^"]+)"', text)[1]
    found = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert('RGB'))
    assert (found == picture).all() or (found[::-1] == picture).all()
