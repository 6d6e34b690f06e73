"""Images and masks that are damaged, odd, much too large, or of another kind."""

import io
import os
import struct
import zlib

import numpy as np
from PIL import Image

from mutations.case import Case
from mutations.damage import damage


def png_header(width, height, mode=2, data=b''):
    """Returns a PNG that says to be of a size, whatever it holds."""

    def chunk(kind, content):
        code = struct.pack('>I', zlib.crc32(kind + content))
        return struct.pack('>I', len(content)) + kind + content + code

    header = struct.pack('>IIBBBBB', width, height, 8, mode, 0, 0, 0)
    return (
        b'\x89PNG\r\n\x1a\n'
        + chunk(b'IHDR', header)
        + chunk(b'IDAT', data or zlib.compress(bytes(1 << 20)))
        + chunk(b'IEND', b'')
    )


def _saved(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _odd_images(generator):
    """Yields images that are whole and yet not what one expects."""
    pixels = np.frombuffer(generator.randbytes(32 * 32 * 3), np.uint8).reshape(32, 32, 3)
    image = Image.fromarray(pixels)
    frames = [image, image.transpose(Image.Transpose.ROTATE_90)]
    for mode in ('1', 'L', 'LA', 'P', 'RGBA', 'I;16'):
        yield f'a PNG of mode {mode}', _saved(image.convert('L').convert(mode), 'PNG')
    for kind, mode in (
        ('JPEG', 'CMYK'),
        ('TIFF', 'F'),
        ('PPM', 'RGB'),
        ('BMP', 'P'),
        ('ICO', 'RGB'),
    ):
        yield f'a {kind} of mode {mode}', _saved(image.convert('L').convert(mode), kind)
    yield 'an animated GIF', _saved(image, 'GIF', save_all=True, append_images=frames)
    yield 'an animated PNG', _saved(image, 'PNG', save_all=True, append_images=frames)
    yield 'an animated WebP', _saved(image, 'WEBP', save_all=True, append_images=frames)
    turned = Image.Exif()
    turned[0x0112] = generator.choice((6, 8, 99))
    yield 'a turned JPEG', _saved(image, 'JPEG', exif=turned)
    yield 'a JPEG with a preview', _saved(image, 'JPEG', comment=_saved(image, 'JPEG'))
    for size in ((1, 1), (1, 3000), (3000, 1), (31, 33), (640, 480)):
        yield f'a PNG of {size[0]}x{size[1]}', _saved(image.resize(size), 'PNG')


def _bombs(generator):
    """Yields files of a few kilobytes that say to be enormous."""
    for width, height in ((100_000, 100_000), (2**31 - 1, 2**31 - 1), (1, 2**31 - 1), (0, 0)):
        yield f'a PNG that says to be {width}x{height}', png_header(width, height)
    yield 'a PNG of 100000x100000 grey', png_header(100_000, 100_000, mode=0)
    yield 'a PNG with more data than pixels', png_header(9, 9)
    bmp = bytearray(_saved(Image.new('RGB', (8, 8)), 'BMP'))
    bmp[18:26] = struct.pack('<ii', 60_000, 60_000)
    yield 'a BMP that says to be 60000x60000', bytes(bmp)
    jpeg = bytearray(_saved(Image.new('RGB', (8, 8)), 'JPEG'))
    at = jpeg.index(b'\xff\xc0')
    jpeg[at + 5 : at + 9] = struct.pack('>HH', 65_000, 65_000)
    yield 'a JPEG that says to be 65000x65000', bytes(jpeg)
    gif = bytearray(_saved(Image.new('P', (8, 8)), 'GIF'))
    gif[6:10] = struct.pack('<HH', 65_535, 65_535)
    yield 'a GIF that says to be 65535x65535', bytes(gif)


def _odd_masks(generator):
    """Yields masks that do not fit their image or their classes."""
    mask = np.frombuffer(generator.randbytes(32 * 32), np.uint8).reshape(32, 32)
    yield 'a mask with any value', _saved(Image.fromarray(mask), 'PNG')
    yield 'a mask of colours', _saved(Image.fromarray(np.stack([mask] * 3, 2)), 'PNG')
    yield 'a mask of 16 bits', _saved(Image.fromarray(mask.astype(np.uint16) * 257), 'PNG')
    yield 'a mask of numbers', _saved(Image.fromarray(mask.astype(np.float32)), 'TIFF')
    yield 'a mask of 16x64', _saved(Image.fromarray(mask.reshape(16, 64)), 'PNG')
    yield 'a mask with a palette', _saved(Image.fromarray(mask % 9).convert('P'), 'PNG')
    yield 'a mask of nothing', _saved(Image.fromarray(mask * 0 + 255), 'PNG')


def _draw(generator, content, is_mask):
    """Returns what was done, and the bytes of a bad picture."""
    way = generator.random()
    if way < 0.4:
        if not is_mask and generator.random() < 0.6:
            kind = generator.choice(('JPEG', 'BMP', 'WEBP', 'TIFF', 'GIF'))
            content = _saved(Image.open(io.BytesIO(content)), kind)
        return damage(generator, content)
    choices = _bombs if way < 0.6 else _odd_masks if is_mask else _odd_images
    return generator.choice(list(choices(generator)))


def _copy_data(data, folder, keep=2):
    """Links the first pairs of each split into a folder of the case's own."""
    for place in sorted(data.glob('*/*')):
        target = folder / 'scenes' / place.relative_to(data)
        target.mkdir(parents=True)
        for path in sorted(place.iterdir())[:keep]:
            os.link(path, target / path.name)
    return folder / 'scenes'


def make(generator, number, tasks, folder):
    """Puts a bad image or mask where a tool will read it."""
    if generator.random() < 0.5:
        task = generator.choice(list(tasks.values()))
        what, content = _draw(generator, task.picture.read_bytes(), is_mask=False)
        name = 'bad' + generator.choice(('.png', '.jpg', '.bmp', '.webp'))
        (folder / name).write_bytes(content)
        argv = (str(task.config), str(task.checkpoint), name, '--out', 'out')
        return Case('pictures', number, what, 'predict', argv, folder, (name,))
    task = tasks['segmentation']
    tool, split = generator.choice((('train', 'training'), ('test', 'validation')))
    data = _copy_data(task.data, folder)
    is_mask = generator.random() < 0.6
    place = data / ('annotations' if is_mask else 'images') / split / 'scene_00000.png'
    what, content = _draw(generator, place.read_bytes(), is_mask)
    place.unlink()
    if generator.random() < 0.05:
        what, content = 'a folder', None
        place.mkdir()
    elif generator.random() < 0.05:
        what = 'a link that leads nowhere'
        place.symlink_to('nowhere.png')
    else:
        place.write_bytes(content)
    roots = [f'{key}_dataloader.dataset.data_root={data}' for key in ('train', 'val', 'test')]
    paths = [str(task.config)] + [str(task.checkpoint)] * (tool == 'test')
    argv = (*paths, '--work-dir', 'work', '--cfg-options', *roots)
    what = f'{"mask" if is_mask else "image"}: {what}'
    return Case('pictures', number, what, tool, argv, folder, ('scene_00000',))
