"""The commands that the documents show, as bash would read them."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted(
    path.relative_to(ROOT)
    for pattern in ('*.md', 'docs/*.md', 'checkpoints/*.md', 'results/*.md')
    for path in ROOT.glob(pattern)
    if path.name != 'your-own-data.md'  # tests/docs/test_your_own_data.py, one after the other
)
_BLOCK = re.compile(r'^```(?:bash|sh|shell|console)\n(.*?)^```', re.MULTILINE | re.DOTALL)
_ASSIGNMENT = re.compile(r'^\w+=(?:\$\(.*\)|"[^"]*"|\'[^\']*\'|\S*)$')


@dataclass(frozen=True)
class Command:
    """A command of a document.

    Attributes:
        document: The document, relative to the project's folder.
        text: The command, on one line and without its comment.
        before: What the document assigns to variables before it.
    """

    document: Path
    text: str
    before: str

    def __str__(self):
        return f'{self.document}: {self.text}'

    def words(self, folder):
        """Returns the words that a program would be given in a folder."""
        script = f"{self.before}\nprintf '%s\\0' {self.text}"
        done = subprocess.run(
            ['bash', '-c', script], cwd=folder, check=True, capture_output=True, text=True
        )
        return done.stdout.split('\0')[:-1]


def _without_comment(line):
    return re.sub(r'(^|\s+)#.*$', '', line).strip()


def commands(documents=DOCUMENTS):
    """Returns all commands, each once."""
    found = {}
    for document in documents:
        before = []
        text = (ROOT / document).read_text(encoding='utf-8')
        for block in _BLOCK.findall(text):
            for line in block.replace('\\\n', ' ').splitlines():
                line = _without_comment(line)
                if _ASSIGNMENT.match(line):
                    before.append(line)
                elif line:
                    line = re.sub(r'\s+', ' ', line)
                    found.setdefault(line, Command(document, line, '\n'.join(before)))
    return list(found.values())
