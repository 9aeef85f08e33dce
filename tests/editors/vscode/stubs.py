"""Writes stand-ins for three packages that the tests need, and prints their paths.

    stubs.py FOLDER

A wheel in place of the server's own, which would need llama.cpp: its `copilot-lsp` runs the program that the
environment variable COPILOT_LSP_STUB_TARGET names. A Python extension for VS Code, whose active interpreter is
the setting `stubPython.interpreter`; when it starts, it writes the file COPILOT_LSP_STUB_AWAKE. And an extension that
completes as well, in the name of Continue.
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


def manifest(publisher: str, name: str, activation: str, **properties: object) -> str:
    extension = {
        "name": name,
        "publisher": publisher,
        "version": "0.0.1",
        "engines": {"vscode": "^1.91.0"},
        "main": "./main.js",
        "activationEvents": [activation],
        "capabilities": {"untrustedWorkspaces": {"supported": True}},
        "contributes": {"configuration": {"properties": properties}},
    }
    return json.dumps(extension)


PYTHON = """\
const vscode = require('vscode');
const { COPILOT_LSP_STUB_AWAKE } = process.env;
const awake = () => COPILOT_LSP_STUB_AWAKE && require('fs').writeFileSync(COPILOT_LSP_STUB_AWAKE, '');
const interpreter = () => vscode.workspace.getConfiguration('stubPython').get('interpreter');
exports.activate = () => (awake(), {
    environments: {
        getActiveEnvironmentPath: () => ({ id: interpreter(), path: interpreter() }),
        resolveEnvironment: async ({ path }) => ({ executable: { uri: path ? vscode.Uri.file(path) : undefined } }),
        onDidChangeActiveEnvironmentPath: (listener) => vscode.workspace.onDidChangeConfiguration(listener),
    },
});
"""

RIVAL = """\
const vscode = require('vscode');
const isOn = () => vscode.workspace.getConfiguration('continue').get('enableTabAutocomplete');
exports.activate = () => vscode.languages.registerInlineCompletionItemProvider({ scheme: 'file' }, {
    provideInlineCompletionItems: (document, position) =>
        isOn() ? [new vscode.InlineCompletionItem('theirs', new vscode.Range(position, position))] : [],
});
"""

VSIX_MANIFEST = """\
<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011">
  <Metadata><Identity Language="en-US" Id="{name}" Version="0.0.1" Publisher="{publisher}"/></Metadata>
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


def vsix(publisher: str, name: str, activation: str, main: str, **properties: object) -> dict[str, str]:
    return {
        "extension.vsixmanifest": VSIX_MANIFEST.format(publisher=publisher, name=name),
        "[Content_Types].xml": TYPES,
        "extension/package.json": manifest(publisher, name, activation, **properties),
        "extension/main.js": main,
    }


def write(path: Path, files: Mapping[str, str]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    print(path)


def main() -> None:
    folder = Path(sys.argv[1])
    write(folder / f"{NAME}-py3-none-any.whl", WHEEL)
    interpreter = {"stubPython.interpreter": {"type": "string", "default": ""}}
    write(folder / "stub-python.vsix", vsix("ms-python", "python", "onLanguage:python", PYTHON, **interpreter))
    switch = {"continue.enableTabAutocomplete": {"type": "boolean", "default": True}}
    write(folder / "stub-rival.vsix", vsix("Continue", "continue", "onStartupFinished", RIVAL, **switch))


if __name__ == "__main__":
    main()
