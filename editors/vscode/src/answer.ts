/** A completion that the server is still writing. Pure. */

export interface Item {
    readonly insertText: string | { readonly value: string };
}

/**
 * What the editor is given of an answer: all of it when it is there in time; else its finished lines as soon as there
 * are some, and the whole later.
 */
export class Answer<T extends Item> {
    private lines: T | undefined;
    private whole: readonly T[] | undefined;
    private given: string | undefined;
    private inTime = true;
    private wake: () => void = () => undefined;
    private readonly ready = new Promise<void>((resolve) => (this.wake = resolve));

    constructor(patienceMs: number) {
        setTimeout(() => {
            this.inTime = false;
            this.check();
        }, patienceMs);
    }

    /** Waits for what can be given; '' is a text like any other. */
    async next(): Promise<readonly T[]> {
        await this.ready;
        const items = this.whole ?? (this.lines ? [this.lines] : []);
        this.given = textOf(items);
        return items;
    }

    /** The first item as it is by now. */
    grow(items: readonly T[]): void {
        const [first] = items;
        const text = finishedLines(textOf(items));
        if (first && text) this.lines = { ...first, insertText: text };
        this.check();
    }

    end(items: readonly T[]): void {
        this.whole = items;
        this.check();
    }

    get isWhole(): boolean {
        return this.whole !== undefined;
    }

    /** The whole answer, when the editor was given something else before. */
    get correction(): string | undefined {
        const text = this.whole && textOf(this.whole);
        return this.given === undefined || this.given === text ? undefined : text;
    }

    private check(): void {
        if (this.whole || (this.lines && !this.inTime)) this.wake();
    }
}

function textOf(items: readonly Item[]): string {
    const text = items[0]?.insertText ?? '';
    return typeof text === 'string' ? text : text.value;
}

/** All lines but the one that is being written; '' when there is nothing in them. */
export function finishedLines(text: string): string {
    const lines = text.slice(0, Math.max(text.lastIndexOf('\n'), 0)).replace(/\r$/, '');
    return lines.trim() === '' ? '' : lines;
}
