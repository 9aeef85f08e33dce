"""Downloads the Python that the VS Code extension carries: `python scripts/fetch_python.py PLATFORM FOLDER`.

PLATFORM is VS Code's name of it, such as linux-x64. The archive has to have the SHA-256 in python-builds.json; its path
is printed. Exit code 1: it cannot be had, or is another file.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from installer import steps, wheels

PINS = Path(__file__).with_name("python-builds.json")
BUILDS: dict[str, dict[str, str]] = json.loads(PINS.read_text("utf-8"))["builds"]


def fetch(platform: str, folder: Path) -> Path:
    """Raises steps.Failed, OSError."""
    build = BUILDS[platform]
    return wheels.download(build["url"], build["sha256"], folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("platform", choices=sorted(BUILDS))
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    print(fetch(arguments.platform, arguments.folder))


if __name__ == "__main__":
    try:
        main()
    except (steps.Failed, OSError) as failure:
        steps.end("fetch_python", failure)
