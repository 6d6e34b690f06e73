"""Tables in documents: replaced between their markers, and nowhere else."""

import pytest

from lkca_mm.errors import DataError
from lkca_mm.report.documents import out_of_date, write_tables
from lkca_mm.report.table import Table

TABLES = {
    'one': Table('one', ['a', 'b'], [['x', '1']]),
    'two': Table('two', ['a']),
}
OLD = """# Title
<!-- report: one -->
| old |
<!-- /report -->
between \\1 and \\g<0>
<!-- report: two -->
<!-- /report -->
end
"""
NEW = """# Title
<!-- report: one -->

| a | b |
|---|---:|
| x | 1 |

<!-- /report -->
between \\1 and \\g<0>
<!-- report: two -->

Nothing measured yet.

<!-- /report -->
end
"""


def test_written_tables_are_up_to_date(tmp_path):
    path = tmp_path / 'page.md'
    path.write_text(OLD)
    path.chmod(0o640)
    assert out_of_date(path, TABLES) == ['one', 'two']
    assert write_tables([path], TABLES) == [path]
    assert path.read_text() == NEW
    assert path.stat().st_mode & 0o777 == 0o640
    assert out_of_date(path, TABLES) == []
    assert write_tables([path], TABLES) == []
    assert [item.name for item in tmp_path.iterdir()] == ['page.md']


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        ('no marker', ['page.md', 'report: NAME']),
        ('<!-- report: one -->\n', ['page.md', 'pairs']),
        ('<!-- report: one -->\n<!-- report: two -->\n<!-- /report -->\n', ['page.md', 'pairs']),
        ('<!-- report: one -->\n<!-- /report -->\n<!-- /report -->\n', ['page.md', 'pairs']),
        ('<!-- report: six -->\n<!-- /report -->\n', ['page.md', 'six', 'one, two']),
        (None, ['page.md', 'cannot be read']),
    ],
)
def test_wrong_documents_leave_all_as_it_is(tmp_path, text, words):
    path, good = tmp_path / 'page.md', tmp_path / 'good.md'
    good.write_text(OLD)
    if text is not None:
        path.write_text(text)
    for action in (lambda: out_of_date(path, TABLES), lambda: write_tables([good, path], TABLES)):
        with pytest.raises(DataError) as error:
            action()
        assert '\n' not in str(error.value)
        assert all(word in str(error.value) for word in words), error.value
    assert good.read_text() == OLD
