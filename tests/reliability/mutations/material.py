"""What the cases are made from: tiny configs, data and trained weights, made once."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from runs import write_classification, write_segmentation

from mutations.case import Case
from mutations.sandbox import LOG, run_cases

_SMALL = """
train_dataloader['num_workers'] = 0
train_dataloader['persistent_workers'] = False
custom_hooks = [dict(type='HostMemoryHook'), dict(type='InterruptHook')]
default_hooks['checkpoint']['save_best'] = None
"""
_TWO = """
param_scheduler[1]['end'] = 9
"""
_ONE_EPOCH = """
train_dataloader['batch_size'] = 25
train_cfg = dict(max_epochs=1, passes_per_epoch=1, val_interval=1)
param_scheduler[1]['end'] = 2
"""


@dataclass(frozen=True)
class Task:
    """A config with what belongs to it.

    Attributes:
        config: The config file.
        data: The folder of its data.
        checkpoint: What training it has saved.
        run: The work dir of that training.
        picture: A picture that it can be shown.
    """

    config: Path
    data: Path
    checkpoint: Path
    run: Path
    picture: Path


def make_material(folder):
    """Writes and trains both tasks.

    Args:
        folder: An empty folder.

    Returns:
        The tasks by their names.
    """
    folder.mkdir(parents=True)
    segmentation = write_segmentation(folder, 2, 2, _SMALL + _TWO)
    classification = write_classification(folder, 18, 2, _SMALL + _ONE_EPOCH)
    picture = folder / 'scenes' / 'images' / 'validation' / 'scene_00000.png'
    places = {
        'segmentation': (segmentation, folder / 'scenes'),
        'classification': (classification, folder / 'cifar'),
    }
    cases = []
    for name, (config, _) in places.items():
        place = folder / f'{name}_run'
        place.mkdir()
        argv = (str(config), '--work-dir', 'work')
        cases.append(Case(name, 0, 'no mutation', 'train', argv, place, ()))
    tasks = {}
    for case, code, _ in run_cases(cases, jobs=2, limit=300):
        if code != 0:
            raise RuntimeError((case.folder / LOG).read_text()[-3000:])
        last = Path((case.folder / 'work' / 'last_checkpoint').read_text().strip()).name
        checkpoint = folder / f'{case.kind}.pth'
        shutil.copyfile(case.folder / 'work' / last, checkpoint)
        config, data = places[case.kind]
        tasks[case.kind] = Task(config, data, checkpoint, case.folder / 'work', picture)
    return {name: tasks[name] for name in places}
