"""Writes our released wheels into llama-wheels.toml: `python scripts/pin_wheels.py URL WHEEL...`.

URL: the folder that the files are downloaded from, such as a release's. Run it on the very files that are released.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from installer import wheels


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("wheels", type=Path, nargs="+", metavar="WHEEL")
    arguments = parser.parse_args()
    head = wheels.PINS.read_text("utf-8").partition("\n[[wheel]]")[0].rstrip()
    tables = [table(arguments.url, wheel) for wheel in sorted(arguments.wheels)]
    wheels.PINS.write_text("\n\n".join([head, *tables]) + "\n", "utf-8")


def table(url: str, wheel: Path) -> str:
    return f'[[wheel]]\nurl = "{url.rstrip("/")}/{wheel.name}"\nsha256 = "{wheels.checksum(wheel)}"'


if __name__ == "__main__":
    main()
