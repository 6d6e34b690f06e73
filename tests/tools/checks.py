"""What several tests ask of a run and of its checkpoints."""

import torch


def error_line(code, err, *words):
    """Returns the one line of a tool that failed; it holds the words, without a traceback."""
    assert code == 1
    assert 'Traceback' not in err
    (line,) = [line for line in err.splitlines() if line.startswith('error: ')]
    assert all(word in line for word in words), line
    return line


def state(path):
    """Returns what a checkpoint of our own holds."""
    return torch.load(path, map_location='cpu', weights_only=False)


def trained_state(path):
    """Returns what training has made of a run: all of a checkpoint but times and names."""
    checkpoint = state(path)
    scalars = checkpoint['message_hub']['log_scalars']
    return {
        **{key: checkpoint[key] for key in ('state_dict', 'optimizer', 'param_schedulers')},
        'ema_state_dict': checkpoint.get('ema_state_dict', {}),
        'losses': scalars['train/loss'].data[0].tolist(),
        'rates': scalars['train/lr'].data[0].tolist(),
        'at': [checkpoint['meta'][key] for key in ('epoch', 'iter')],
    }


def differences(one, other, name=''):
    """Returns the names of all that two checkpoints do not have alike, bit for bit."""
    if type(one) is not type(other):
        return [name]
    if isinstance(one, dict):
        if one.keys() != other.keys():
            return [name]
        return [
            found for key in one for found in differences(one[key], other[key], f'{name}.{key}')
        ]
    if isinstance(one, (list, tuple)):
        if len(one) != len(other):
            return [name]
        pairs = enumerate(zip(one, other, strict=True))
        return [found for i, (a, b) in pairs for found in differences(a, b, f'{name}.{i}')]
    if isinstance(one, torch.Tensor):
        same = one.dtype == other.dtype and one.shape == other.shape
        same = same and one.numpy().tobytes() == other.numpy().tobytes()
        return [] if same else [name]
    return [] if one == other else [name]
