"""Command lines with arguments missing, doubled, swapped, unknown, or of the wrong kind."""

import shutil

from mutations.case import Case

_JUNK = (
    '', ' ', '-', '--', '---', '-1', '0', '1e999', 'nan', 'abc', '=', '==', 'a=', '=b', 'a.b=c',
    'None', '[]', '[1,', '(((', "'", '"', '\\', '/', '.', '..', '~', '*', '$HOME', '%s', '\n', '\t',
    'a\nb', 'ü', '\udcff', '日本', '9' * 400, 'x' * 300, '/dev/null', '/proc/self/mem', '--no-such',
    '--out', '--resume', '--seed', '--cfg-options', '--debug=1', '-h=1', '{a}', '\x1b[31m', 'a,b,c',
)  # fmt: skip
_OPTIONS = (
    'model=1', 'model.backbone=None', 'model.backbone.arch=huge', 'train_dataloader=5', '=1',
    'model.backbone.img_size=[1', 'a.b.c.d=1', 'train_cfg.max_iters=abc', 'x', 'work_dir=1',
    'model.backbone.patch_size=-1', 'model.decode_head.in_index=9', 'train_dataloader.0=1',
    'default_hooks.logger.interval=0', 'randomness.seed=x', 'optim_wrapper.optimizer.lr=a',
    'param_scheduler.7.end=1', 'param_scheduler.x=1', 'custom_imports=no_such_module',
    'val_evaluator.type=Nothing', 'env_cfg.mp_cfg.mp_start_method=sideways',
)  # fmt: skip


def _bases(tasks):
    """Returns command lines that work, each as its tool and words, and which words are options."""
    one, two = tasks['segmentation'], tasks['classification']
    limit = ('--cfg-options', 'train_cfg.max_iters=1')
    return (
        ('train', one.config, '--work-dir', 'work', '--seed', '3', *limit),
        ('train', one.config, '--work-dir', 'work', '--deterministic', *limit),
        ('train', one.config, '--work-dir', 'work', '--launcher', 'none', '--resume', *limit),
        ('train', two.config, '--work-dir', 'work', '--record', 'run.json'),
        ('test', one.config, one.checkpoint, '--work-dir', 'work', '--out', 'scored'),
        ('test', one.config, one.checkpoint, '--work-dir', 'work', '--show-dir', 'shown', '--tta'),
        ('test', two.config, two.checkpoint, '--work-dir', 'work', '--out', 'scored'),
        ('predict', one.config, one.checkpoint, one.picture, '--out', 'out', '--opacity', '0.3'),
        ('predict', two.config, two.checkpoint, two.picture, '--out', 'out', '--device', 'cpu'),
        ('complexity', one.config, '--shape', '32', '32'),
        ('complexity', one.config, two.config),
        ('prepare_data', 'scenes', '--root', 'data', '--size', '32', '--num-train', '2',
         '--num-val', '1', '--seed', '1'),
        ('prepare_data', 'cifar10', '--root', 'data', '--from', two.data, '--allow-partial'),
        ('publish', two.checkpoint, 'run.json', '--out', 'published'),
        ('report', '--results', 'results', '--format', 'json'),
        ('benchmark', 'op', '--case', '4,8,1', '--rounds', '1', '--out', 'op.json'),
        ('benchmark', 'model', two.config, '--batch', '1', '--rounds', '1'),
        ('benchmark', 'data', two.config, '--images', '10', '--rounds', '1'),
        ('export', two.config, two.checkpoint, '--out', 'model.onnx', '--rounds', '1',
         '--batch', '2', '--record', 'export.json'),
        ('export', two.config, '--out', 'model.pt2', '--rounds', '1', '--tolerance', '0.001'),
        ('visualize', 'kernels', one.config, one.checkpoint, '--out', 'kernels.png'),
        ('visualize', 'erf', '--model', two.config, two.checkpoint, '--images', two.picture,
         '--size', '32', '--directions', '1', '--json', 'erf.json', '--out', 'erf.svg'),
        ('visualize', 'predictions', one.config, one.checkpoint, one.picture, '--out', 'p.png'),
        ('visualize', 'curves', one.run, one.run, '--names', 'one', 'two', '--out', 'c.png'),
        ('reproduce', '4', '--rows', 'LKCA-T', '--datasets', 'cifar10', '--schedule', 'smoke',
         '--seeds', '1', '--work-dir', 'work', '--out', 'results'),
    )  # fmt: skip


def _others(tasks, folder):
    """Yields files and folders that exist, and are not what is asked for."""
    task = tasks['segmentation']
    yield from (task.config, tasks['classification'].config, task.checkpoint)
    # Copies of what may be written to: a folder can be a work dir, a picture be drawn over.
    yield from (folder, folder / 'none', folder / 'scenes', folder / 'picture.png')
    yield from (folder / 'empty', folder / 'text.txt', folder / 'run.json')


def _mutate(generator, words, tasks, folder):
    """Changes a command line once; returns what was done and the words that it is about."""
    way = generator.choice(
        ('remove', 'double', 'swap', 'insert', 'junk', 'junk', 'junk', 'other', 'other', 'option')
    )
    at = generator.randrange(len(words))
    if way in ('junk', 'other') and generator.random() < 0.8:  # the names of options are few
        at = generator.choice([i for i, word in enumerate(words) if not word.startswith('--')])
    old = words[at]
    if way == 'remove':
        del words[at]
    elif way == 'double':
        words.insert(at, words[at])
    elif way == 'swap':
        to = generator.randrange(len(words))
        words[at], words[to] = words[to], words[at]
    elif way == 'junk':
        words[at] = generator.choice(_JUNK)
    elif way == 'insert':
        words.insert(at, generator.choice(_JUNK))
    elif way == 'other':
        words[at] = str(generator.choice(list(_others(tasks, folder))))
    elif '--cfg-options' in words:
        words.append(generator.choice(_OPTIONS))
    else:
        words += ['--cfg-options', *generator.sample(_OPTIONS, 2)]
    return f'{way} at {at} ({old})'


def make(generator, number, tasks, folder):
    """Writes what command lines may refer to, and mutates one."""
    (folder / 'empty').touch()
    (folder / 'text.txt').write_text('some text\n')
    shutil.copytree(tasks['segmentation'].data, folder / 'scenes')
    shutil.copyfile(tasks['segmentation'].picture, folder / 'picture.png')
    (folder / 'run.json').write_text(generator.choice(('{}', '[]', '{"finished": true}', '{')))
    (folder / 'results').mkdir()
    shutil.copyfile(folder / 'run.json', folder / 'results' / 'a.json')
    tool, *words = map(str, generator.choice(_bases(tasks)))
    done = [_mutate(generator, words, tasks, folder) for _ in range(generator.choice((1, 1, 2)))]
    if tool == 'reproduce':  # a table would take hours
        words.append('--dry-run')
    # A refusal must say one of the words that were typed, or one that is missing.
    said = [word for word in words if len(word) > 2] + [repr(word)[1:-1] for word in words]
    said += [word.lstrip('-').split('=')[0].split('.')[-1] for word in words]
    named = {word[:60] if word.strip() else repr(word) for word in said}
    named |= {'.:'} if '' in words else set()  # the folder that an empty path is
    missing = {'required', 'CONFIG', 'CKPT', 'argument', 'expected', 'name configs'}
    return Case(
        'command_lines', number, '; '.join(done), tool, tuple(words), folder,
        tuple(sorted(named | missing)),
    )  # fmt: skip
