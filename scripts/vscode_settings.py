"""Writes the server's options into the VS Code extension's settings, from `copilot_lsp.config.describe()`.

    python scripts/vscode_settings.py            rewrites editors/vscode/package.json
    python scripts/vscode_settings.py --check    only says what differs (exit code 1)

What only VS Code knows of a setting (`scope`, `enumDescriptions`, ...) and the settings of the extension itself
(`is_own`) are kept as they are in package.json.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from copilot_lsp.config import OPTIONS, SECTION, describe

PACKAGE = Path(__file__).resolve().parent.parent / "editors" / "vscode" / "package.json"

Properties = dict[str, dict[str, Any]]

FROM_SERVER = ("type", "items", "enum", "default", "minimum", "maximum", "markdownDescription")


def merged(present: Properties) -> Properties:
    """`present` with the server's options as they are now; options that are gone are left out."""
    client = {name: schema for name, schema in present.items() if is_own(name)}
    not_ours = {f"{SECTION}.{option.name}" for option in OPTIONS if option.own}
    server = {name: schema for name, schema in describe().items() if name not in not_ours}
    return client | {name: _property(schema, present.get(name, {})) for name, schema in server.items()}


def is_own(name: str) -> bool:
    """`copilotLsp.enable` is the extension's, `copilotLsp.enabled` the server's."""
    return name.startswith("copilotLsp.server.") or name in ("copilotLsp.enable", "copilotLsp.trigger")


def _property(schema: dict[str, Any], present: dict[str, Any]) -> dict[str, Any]:
    """VS Code renders backticks only in a `markdownDescription`."""
    server = {("markdownDescription" if key == "description" else key): value for key, value in schema.items()}
    extra = {key: value for key, value in present.items() if key not in FROM_SERVER}
    return {key: server[key] for key in FROM_SERVER if key in server} | extra


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args().check
    package = json.loads(PACKAGE.read_text("utf-8"))
    configuration = package["contributes"]["configuration"]
    present: Properties = configuration["properties"]
    wanted = merged(present)
    differing = [name for name in sorted({*present, *wanted}) if present.get(name) != wanted.get(name)]
    if differing and not check:
        configuration["properties"] = wanted
        PACKAGE.write_text(json.dumps(package, indent=2, ensure_ascii=False) + "\n", "utf-8")
    for name in differing:
        print(f"{'differs' if check else 'written'}: {name}", file=sys.stderr)
    return 1 if differing and check else 0


if __name__ == "__main__":
    raise SystemExit(main())
