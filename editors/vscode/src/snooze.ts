/** Completions take a break: for a while nothing comes unasked, in this window. */
import { window, type Disposable } from 'vscode';

import { current, update } from './state.ts';
import { t } from './words.ts';

const MINUTES = [5, 15, 30, 60];

/** How often the status bar tells the minutes that are left. */
const TICK_MS = 15_000;

let ticking: ReturnType<typeof setInterval> | undefined;

export async function snooze(): Promise<void> {
    const items = MINUTES.map((minutes) => ({ label: t('{0} minutes', minutes), minutes }));
    const picked = await window.showQuickPick(items, { title: t('Pause automatic completions for') });
    if (picked) snoozeFor(picked.minutes * 60_000);
}

export function snoozeFor(milliseconds: number): void {
    wake();
    update({ snoozedUntil: Date.now() + milliseconds });
    ticking = setInterval(() => (current().snoozeMinutes === 0 ? wake() : update({})), TICK_MS);
}

export function wake(): void {
    clearInterval(ticking);
    update({ snoozedUntil: undefined });
}

/** For the end of the extension. */
export const awake: Disposable = { dispose: wake };
