/**
 * Shift+Tab takes a line of the ghost text; Tab then takes the rest.
 *
 * The rest begins with the indentation of its first line, and VS Code lets Tab indent there: a key binding with the
 * context TOOK_LINE makes it accept.
 */
import { commands, Disposable, window, type Position, type TextDocument } from 'vscode';

import { isCursorAt } from './feedback.ts';
import { command } from './menu.ts';

const TOOK_LINE = 'copilotLsp.tookLine';
const ACCEPT_LINE = 'editor.action.inlineSuggest.acceptNextLine';

/** Where a line was taken last, while nothing else has happened. */
interface Place {
    readonly document: TextDocument;
    readonly version: number;
    readonly position: Position;
}

export function lineKeys(): Disposable {
    let place: Place | undefined;
    const mark = (taken: boolean) => void commands.executeCommand('setContext', TOOK_LINE, taken);
    return Disposable.from(
        commands.registerCommand(command.acceptLine, async () => {
            place = undefined;
            mark(true); // before the line is there: Tab may follow at once
            await commands.executeCommand(ACCEPT_LINE);
            place = here();
        }),
        window.onDidChangeTextEditorSelection(() => {
            if (!place || isStill(place)) return;
            place = undefined;
            mark(false);
        }),
    );
}

function here(): Place | undefined {
    const editor = window.activeTextEditor;
    return editor && { document: editor.document, version: editor.document.version, position: editor.selection.active };
}

function isStill({ document, version, position }: Place): boolean {
    return document.version === version && isCursorAt(document, position);
}
