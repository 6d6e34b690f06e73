"""Damage to the bytes of a file."""

_WORDS = (b'\0', b'\xff' * 4, b'\x7f\xff\xff\xff', b'\x80\0\0\0', b'../', b'PK\x03\x04', b'%s%n')


def damage(generator, content):
    """Damages bytes in one of several ways.

    Args:
        generator: Where the random numbers come from.
        content: The bytes.

    Returns:
        What was done, in words, and the damaged bytes.
    """
    way = generator.choice(
        ('cut', 'flip', 'overwrite', 'insert', 'remove', 'zero', 'swap', 'append', 'start', 'other')
    )
    length = len(content)
    at = generator.randrange(length)
    size = min(generator.choice((1, 4, 64, 1024)), length - at)
    changed = bytearray(content)
    if way == 'cut':
        return f'cut to {at} of {length} bytes', content[:at]
    if way == 'flip':
        for _ in range(generator.choice((1, 3, 20))):
            changed[generator.randrange(length)] ^= 1 << generator.randrange(8)
    elif way == 'overwrite':
        word = generator.choice(_WORDS)
        changed[at : at + len(word)] = word
    elif way == 'insert':
        changed[at:at] = generator.randbytes(size)
    elif way == 'remove':
        del changed[at : at + size]
    elif way == 'zero':
        changed[at : at + size] = bytes(size)
    elif way == 'swap':
        changed = changed[at:] + changed[:at]
    elif way == 'append':
        changed += generator.randbytes(size)
    elif way == 'start':  # where headers are
        for _ in range(3):
            changed[generator.randrange(min(64, length))] = generator.randrange(256)
    else:
        return 'other', generator.choice((b'', b'\n', b'<html>404</html>', generator.randbytes(99)))
    return f'{way} at {at} of {length} bytes', bytes(changed)
