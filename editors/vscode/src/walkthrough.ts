/** The first steps: see `walkthroughs` in package.json. */
import { commands, Selection, window, workspace, type Disposable } from 'vscode';

import { current, onDidChangeState } from './state.ts';

const WALKTHROUGH = 'copilot-lsp.copilot-lsp#start';

/**
 * The step that installs the server is done once this becomes true. VS Code does not heed what was true before it had
 * read the steps, so it is set as late as there is somebody to see it.
 */
const RUNNING = 'copilotLsp.running';

const SAMPLE = `"""A sample: write on where the cursor is, and wait for the grey text. Tab takes it."""

from dataclasses import dataclass


@dataclass
class Rectangle:
    width: float
    height: float

    def area(self) -> float:
        return self.width * self.height

    def perimeter(self) -> float:
        `;

export async function openWalkthrough(): Promise<void> {
    await commands.executeCommand('workbench.action.openWalkthrough', WALKTHROUGH);
    if (current().phase === 'running') tick();
}

const tick = (): void => void commands.executeCommand('setContext', RUNNING, true);

/** A document of its own with the cursor where a completion comes. */
export async function openSample(): Promise<void> {
    const document = await workspace.openTextDocument({ language: 'python', content: SAMPLE });
    const editor = await window.showTextDocument(document);
    const end = document.positionAt(SAMPLE.length);
    editor.selection = new Selection(end, end);
    await commands.executeCommand('editor.action.inlineSuggest.trigger');
}

/** When the server runs that was not there before. */
export function tickInstallation(): Disposable {
    let wasMissing = false;
    return onDidChangeState(() => {
        const { phase } = current();
        wasMissing ||= phase === 'missing' || phase === 'installing';
        if (wasMissing && phase === 'running') tick();
    });
}
