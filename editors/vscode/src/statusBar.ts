/** The status bar item: shows `view(current())` and opens the menu. */
import { MarkdownString, StatusBarAlignment, ThemeColor, window, workspace, type Disposable, type StatusBarItem } from 'vscode';

import { command } from './menu.ts';
import { SECTION } from './settings.ts';
import { current, onDidChangeState } from './state.ts';
import { view, type View } from './view.ts';

const PRIORITY = 100;

export function statusBar(): Disposable[] {
    const item = window.createStatusBarItem('copilotLsp.status', StatusBarAlignment.Right, PRIORITY);
    item.name = 'copilot-lsp';
    item.command = command.menu;
    const draw = () => show(item, view(current()));
    draw();
    item.show();
    return [
        item,
        onDidChangeState(draw),
        window.onDidChangeActiveTextEditor(draw),
        workspace.onDidOpenTextDocument(draw), // a document whose language changed is opened again
        workspace.onDidChangeConfiguration((event) => event.affectsConfiguration(SECTION) && draw()),
    ];
}

function show(item: StatusBarItem, { icon, text, details, severity }: View): void {
    item.text = `$(${icon}) ${text}`;
    item.tooltip = new MarkdownString().appendText(details.join('\n'));
    item.accessibilityInformation = { label: [text, ...details].join(', ') };
    item.backgroundColor = severity === 'normal' ? undefined : new ThemeColor(`statusBarItem.${severity}Background`);
}
