/** Whether the editor's request goes to the server at all. */
import { InlineCompletionTriggerKind, type InlineCompletionContext, type TextDocument } from 'vscode';

import { isAutomatic, isOnFor } from './settings.ts';
import { current } from './state.ts';

/** What the user asks for by a key comes in a break as well, but not in a language that is off. */
export function isWanted({ languageId }: TextDocument, { triggerKind }: InlineCompletionContext): boolean {
    if (!isOnFor(languageId)) return false;
    const isAsked = triggerKind === InlineCompletionTriggerKind.Invoke;
    return isAsked || (isAutomatic() && current().snoozeMinutes === 0);
}
