/** What is known of the server, in one place; the status bar and the menu read it. */
import { EventEmitter, workspace } from 'vscode';

import { activeDocument } from './documents.ts';
import type { ServerStatus } from './protocol.ts';
import { disabledLanguages, isEnabled, workspaceChoice } from './settings.ts';
import type { Here, Phase, State } from './view.ts';

interface Known {
    readonly phase: Phase;
    readonly status: ServerStatus | undefined;
    readonly percent: number | undefined;
}

let known: Known = { phase: 'starting', status: undefined, percent: undefined };
const changed = new EventEmitter<void>();

export const onDidChangeState = changed.event;

export function update(change: Partial<Known>): void {
    known = { ...known, ...change };
    changed.fire();
}

export const current = (): State => ({ ...known, here: here() });

function here(): Here {
    const language = activeDocument()?.languageId ?? '';
    return {
        language,
        enabled: isEnabled(),
        workspaceOff: workspace.name !== undefined && workspaceChoice() === false,
        languageOff: disabledLanguages().includes(language),
    };
}
