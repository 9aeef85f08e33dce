/**
 * Tells the server what became of an offered completion.
 *
 * Accepted as a whole: the item's command, which VS Code runs. Shown, accepted in part: VS Code keeps these events
 * for its proposed API, so they are inferred: shown when the editor is still where the request was, accepted in
 * part from the document's changes (offer.ts).
 */
import { Range, window, workspace, type Disposable, type Position, type TextDocument, type TextDocumentChangeEvent } from 'vscode';
import type { InlineCompletionItem, LanguageClient } from 'vscode-languageclient/node';

import { hasRival } from './coexistence.ts';
import { after, type Offer } from './offer.ts';
import { method, tell } from './protocol.ts';

interface Offered {
    readonly document: TextDocument;
    /** UTF-16 offset of the item's range in the document. */
    readonly start: number;
    readonly item: InlineCompletionItem;
    readonly offer: Offer;
}

export class Feedback implements Disposable {
    private readonly client: LanguageClient;
    private offered: Offered | undefined;
    private readonly listener = workspace.onDidChangeTextDocument((event) => this.changed(event));

    constructor(client: LanguageClient) {
        this.client = client;
    }

    dispose(): void {
        this.listener.dispose();
    }

    /** `item` is what the editor is given to show at `position`. `isNew`: not just longer than the one before. */
    offer(document: TextDocument, position: Position, item: InlineCompletionItem, isNew: boolean): void {
        const version = document.version;
        // Once the editor has had its turn.
        setTimeout(() => {
            // What another extension shows there is not ours to count.
            if (document.version !== version || !isCursorAt(document, position) || hasRival(document)) return;
            this.offered = this.offeredAt(document, position, item);
            if (isNew) tell(this.client, method.didShow, { item });
        });
    }

    private offeredAt(document: TextDocument, position: Position, item: InlineCompletionItem): Offered {
        const text = typeof item.insertText === 'string' ? item.insertText : item.insertText.value;
        const start = item.range ? this.client.protocol2CodeConverter.asPosition(item.range.start) : position;
        const present = document.offsetAt(position) - document.offsetAt(start);
        return { document, start: document.offsetAt(start), item, offer: { text, present } };
    }

    private changed({ document, contentChanges }: TextDocumentChangeEvent): void {
        if (this.offered?.document !== document || contentChanges.length === 0) return;
        const { start, item, offer } = this.offered;
        const end = document.positionAt(start + offer.text.length);
        const change = after(offer, document.getText(new Range(document.positionAt(start), end)));
        this.offered = change.kind === 'gone' ? undefined : { ...this.offered, offer: change.offer };
        if (change.kind !== 'partly-accepted') return;
        tell(this.client, method.didPartiallyAccept, { item, acceptedLength: change.offer.present });
    }
}

export function isCursorAt(document: TextDocument, position: Position): boolean {
    const editor = window.activeTextEditor;
    return editor?.document === document && editor.selection.isEmpty && editor.selection.active.isEqual(position);
}
