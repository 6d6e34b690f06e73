"""Opens a page in headless Chromium and tells what happened."""

import json
import shutil
import subprocess
from dataclasses import dataclass

CHROMIUM = next(
    filter(None, map(shutil.which, ('chromium', 'chromium-browser', 'google-chrome', 'chrome'))),
    None,
)

_SWITCHES = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-dev-shm-usage',
    '--no-first-run',
    '--disable-sync',
    '--disable-background-networking',
    '--disable-component-update',
    '--enable-logging=stderr',
    '--virtual-time-budget=3000',
]


@dataclass
class Visit:
    """The page as rendered, lines of its console, and what it asked the network for."""

    dom: str
    console: list[str]
    requests: list[str]


def visit(page, folder):
    """Renders a file; ``folder`` holds what the browser leaves."""
    log = folder / 'net.json'
    done = subprocess.run(
        [CHROMIUM, *_SWITCHES, f'--user-data-dir={folder / "profile"}', f'--log-net-log={log}',
         '--dump-dom', page.as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    console = [line for line in done.stderr.splitlines() if ':CONSOLE' in line]
    events = json.loads(log.read_text())['events']
    asked = (event['params'] for event in events if 'initiator' in event.get('params', {}))
    # The browser has errands of its own, which no page has initiated.
    requests = sorted({ask['url'] for ask in asked if ask['initiator'] != 'not an origin'})
    return Visit(done.stdout, console, requests)
