/** The first steps: see `walkthroughs` in package.json. */
import { commands, Selection, window, workspace, type Disposable } from 'vscode';

import { current, onDidChangeState } from './state.ts';

const WALKTHROUGH = 'copilot-lsp.copilot-lsp#start';

/** While it is set, the step that installs the server is done. */
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
}

/** A document of its own with the cursor where a completion comes. */
export async function openSample(): Promise<void> {
    const document = await workspace.openTextDocument({ language: 'python', content: SAMPLE });
    const editor = await window.showTextDocument(document);
    const end = document.positionAt(SAMPLE.length);
    editor.selection = new Selection(end, end);
    await commands.executeCommand('editor.action.inlineSuggest.trigger');
}

export function markRunning(): Disposable {
    let marked: boolean | undefined;
    return onDidChangeState(() => {
        const running = current().phase === 'running';
        if (running === marked) return;
        marked = running;
        void commands.executeCommand('setContext', RUNNING, running);
    });
}
