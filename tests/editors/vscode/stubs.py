"""Writes stand-ins for two packages that the tests need, and prints their paths.

    stubs.py FOLDER

A wheel in place of the server's own, which would compile llama.cpp: its `copilot-lsp` runs the program that the
environment variable COPILOT_LSP_STUB_TARGET names. And a Python extension for VS Code, whose active interpreter is
the setting `stubPython.interpreter`.
"""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

NAME = "copilot_lsp-0.0.1"

PROGRAM = """\
import os, sys


def main():
    target = os.environ["COPILOT_LSP_STUB_TARGET"]
    os.execv(target, [target, *sys.argv[1:]])
"""

WHEEL = {
    "copilot_lsp_stub.py": PROGRAM,
    f"{NAME}.dist-info/METADATA": "Metadata-Version: 2.1\nName: copilot-lsp\nVersion: 0.0.1\n",
    f"{NAME}.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    f"{NAME}.dist-info/entry_points.txt": "[console_scripts]\ncopilot-lsp = copilot_lsp_stub:main\n",
    f"{NAME}.dist-info/RECORD": "",
}

EXTENSION = {
    "name": "python",
    "publisher": "ms-python",
    "version": "0.0.1",
    "engines": {"vscode": "^1.91.0"},
    "main": "./main.js",
    "activationEvents": ["*"],
    "capabilities": {"untrustedWorkspaces": {"supported": True}},
    "contributes": {"configuration": {"properties": {"stubPython.interpreter": {"type": "string", "default": ""}}}},
}

MAIN = """\
const vscode = require('vscode');
const interpreter = () => vscode.workspace.getConfiguration('stubPython').get('interpreter');
exports.activate = () => ({
    environments: {
        getActiveEnvironmentPath: () => ({ id: interpreter(), path: interpreter() }),
        resolveEnvironment: async ({ path }) => ({ executable: { uri: path ? vscode.Uri.file(path) : undefined } }),
        onDidChangeActiveEnvironmentPath: (listener) => vscode.workspace.onDidChangeConfiguration(listener),
    },
});
"""

MANIFEST = """\
<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011">
  <Metadata><Identity Language="en-US" Id="python" Version="0.0.1" Publisher="ms-python"/></Metadata>
  <Installation><InstallationTarget Id="Microsoft.VisualStudio.Code"/></Installation>
  <Assets><Asset Type="Microsoft.VisualStudio.Code.Manifest" Path="extension/package.json" Addressable="true"/></Assets>
</PackageManifest>
"""

TYPES = """\
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
  <Default Extension=".json" ContentType="application/json"/>
  <Default Extension=".js" ContentType="application/javascript"/>
  <Default Extension=".vsixmanifest" ContentType="text/xml"/>
</Types>
"""

VSIX = {
    "extension.vsixmanifest": MANIFEST,
    "[Content_Types].xml": TYPES,
    "extension/package.json": json.dumps(EXTENSION),
    "extension/main.js": MAIN,
}


def write(path: Path, files: Mapping[str, str]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    print(path)


def main() -> None:
    folder = Path(sys.argv[1])
    write(folder / f"{NAME}-py3-none-any.whl", WHEEL)
    write(folder / "stub-python.vsix", VSIX)


if __name__ == "__main__":
    main()
