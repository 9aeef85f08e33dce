/**
 * Ghost text: middleware of the language client's provider.
 *
 * Where the whole answer takes long, the editor is given its first lines, and the whole once it is there. With the
 * stable API there is one way to exchange a shown text without a blank frame between: "show next" makes the editor
 * fetch again, keep what it shows as an alternative, and go to the new one. It does so once for a place in a text,
 * so the text does not grow line by line.
 */
import { commands, Disposable, window, type InlineCompletionContext, type Position, type TextDocument } from 'vscode';
import type { LanguageClient, Middleware } from 'vscode-languageclient/node';

import { Feedback, isCursorAt } from './feedback.ts';
import { command } from './menu.ts';
import { Question } from './question.ts';
import { isWanted } from './wanted.ts';

type Provide = NonNullable<Middleware['provideInlineCompletionItems']>;

/** While this is set, Escape also ends what is still coming (see package.json). */
const UNFINISHED = 'copilotLsp.unfinished';

const SHOW_NEXT = 'editor.action.inlineSuggest.showNext';
const HIDE = 'editor.action.inlineSuggest.hide';

export class InlineCompletions implements Disposable {
    private readonly client: LanguageClient;
    private readonly feedback: Feedback;
    private readonly subscriptions: Disposable[];
    /** What the editor shows or waits for. */
    private asked: Question | undefined;
    /** The editor is being made to fetch the rest of `asked`. */
    private fetchesRest = false;

    constructor(client: LanguageClient) {
        this.client = client;
        this.feedback = new Feedback(client);
        this.subscriptions = [
            this.feedback,
            commands.registerCommand(command.dismiss, () => this.dismiss()),
            window.onDidChangeTextEditorSelection(() => this.cursorMoved()),
        ];
    }

    dispose(): void {
        this.asked = undefined;
        Disposable.from(...this.subscriptions).dispose();
    }

    readonly provide: Provide = async (document, position, context, token) => {
        if (!isWanted(document, context)) return null;
        const rest = this.fetchesRest && this.asked?.isSame(document, position, context) ? this.asked : undefined;
        const question = rest ?? this.ask(document, position, context);
        const link = token.onCancellationRequested(question.cancel);
        const items = await question.answer.next();
        link.dispose();
        if (token.isCancellationRequested) return null;
        if (items[0]) this.feedback.offer(document, position, items[0], !rest);
        this.mark(question);
        return this.client.protocol2CodeConverter.asInlineCompletionResult({ items: [...items] }, token);
    };

    /** An older question is not cancelled: the server drops it, or goes on when the user types what it wrote. */
    private ask(document: TextDocument, position: Position, context: InlineCompletionContext): Question {
        const question = new Question(document, position, context);
        this.asked = question;
        void question.send(this.client).then(() => this.finish(question));
        return question;
    }

    /** Shows the whole answer where its first lines are shown. */
    private async finish(question: Question): Promise<void> {
        const { answer, document, position } = question;
        if (question !== this.asked) return;
        this.mark(question);
        const whole = answer.correction;
        if (whole === undefined || question.isCancelled || !question.isFresh || !isCursorAt(document, position)) return;
        this.fetchesRest = true;
        try {
            await commands.executeCommand(whole === '' ? HIDE : SHOW_NEXT);
        } finally {
            this.fetchesRest = false;
        }
    }

    private mark({ answer }: Question): void {
        void commands.executeCommand('setContext', UNFINISHED, !answer.isWhole);
    }

    private cursorMoved(): void {
        const question = this.asked;
        if (!question || question.answer.isWhole || !question.isFresh) return;
        if (!isCursorAt(question.document, question.position)) question.cancel();
    }

    private async dismiss(): Promise<void> {
        this.asked?.cancel();
        await commands.executeCommand(HIDE);
    }
}
