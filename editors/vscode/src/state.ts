/** What is known of the server, in one place; the status bar and the menu read it. */
import { EventEmitter, workspace } from 'vscode';

import { activeDocument } from './documents.ts';
import type { ServerStatus } from './protocol.ts';
import { isAutomatic, isEnabled, isOff, workspaceChoice } from './settings.ts';
import { minutesLeft, type Here, type Phase, type State } from './view.ts';

interface Known {
    readonly phase: Phase;
    readonly status: ServerStatus | undefined;
    readonly percent: number | undefined;
    /** Milliseconds of `Date.now()`. */
    readonly snoozedUntil: number | undefined;
}

let known: Known = { phase: 'starting', status: undefined, percent: undefined, snoozedUntil: undefined };
const changed = new EventEmitter<void>();

export const onDidChangeState = changed.event;

export function update(change: Partial<Known>): void {
    known = { ...known, ...change };
    changed.fire();
}

export function current(): State {
    const { snoozedUntil, ...rest } = known;
    return { ...rest, here: here(), snoozeMinutes: minutesLeft(snoozedUntil, Date.now()) };
}

function here(): Here {
    const language = activeDocument()?.languageId ?? '';
    return {
        language,
        enabled: isEnabled(),
        workspaceOff: workspace.name !== undefined && workspaceChoice() === false,
        languageOff: isOff(language),
        automatic: isAutomatic(),
    };
}
