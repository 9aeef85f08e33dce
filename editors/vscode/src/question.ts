/** One question to the server and its growing answer. */
import { CancellationTokenSource, type InlineCompletionContext, type Position, type TextDocument } from 'vscode';
import {
    InlineCompletionRequest,
    ProgressType,
    type InlineCompletionItem,
    type InlineCompletionList,
    type LanguageClient,
} from 'vscode-languageclient/node';

import { Answer } from './answer.ts';
import { hasRival } from './coexistence.ts';
import { FOREVER_MS, patience } from './settings.ts';

type Result = InlineCompletionList | InlineCompletionItem[] | null;

/** The specification has bare items as partial results, the server sends lists like the whole. */
const PARTIAL = new ProgressType<Result>();

export class Question {
    readonly document: TextDocument;
    readonly position: Position;
    readonly answer: Answer<InlineCompletionItem>;
    private readonly version: number;
    private readonly context: InlineCompletionContext;
    private readonly cancellation = new CancellationTokenSource();

    constructor(document: TextDocument, position: Position, context: InlineCompletionContext) {
        this.document = document;
        this.version = document.version;
        this.position = position;
        this.context = context;
        // The rest is shown by cycling, which could show another extension's text: then the editor gets all at once.
        this.answer = new Answer(hasRival(document) ? FOREVER_MS : patience());
    }

    /** Ends with the whole answer. Never rejects: what goes wrong is logged, and is an answer without items. */
    async send(client: LanguageClient): Promise<void> {
        const partialResultToken = crypto.randomUUID();
        const progress = client.onProgress(PARTIAL, partialResultToken, (part) => this.answer.grow(itemsOf(part)));
        const { asInlineCompletionParams } = client.code2ProtocolConverter;
        const params = asInlineCompletionParams(this.document, this.position, this.context);
        const type = InlineCompletionRequest.type;
        try {
            const result = await client.sendRequest(type, { ...params, partialResultToken }, this.cancellation.token);
            this.answer.end(itemsOf(result));
        } catch (error) {
            if (!this.isCancelled) client.debug('An inline completion request failed.', error);
            this.answer.end([]);
        } finally {
            progress.dispose();
        }
    }

    readonly cancel = (): void => this.cancellation.cancel();

    get isCancelled(): boolean {
        return this.cancellation.token.isCancellationRequested;
    }

    /** The document is as it was when this was asked. */
    get isFresh(): boolean {
        return this.document.version === this.version;
    }

    isSame(document: TextDocument, position: Position, context: InlineCompletionContext): boolean {
        const samePlace = this.document === document && this.isFresh && this.position.isEqual(position);
        return samePlace && this.context.selectedCompletionInfo?.text === context.selectedCompletionInfo?.text;
    }
}

function itemsOf(result: Result): InlineCompletionItem[] {
    return Array.isArray(result) ? result : (result?.items ?? []);
}
