/**
 * What became of an offered completion, as far as changes of the document tell. Pure.
 *
 * VS Code tells an extension with stable API only that a completion was accepted as a whole (its command runs).
 * That a part was accepted is seen in the text: more of the offer is there than a keystroke can have put there.
 * A part of one character looks like typing and is not counted.
 */

export interface Offer {
    readonly text: string;
    /** UTF-16 units of `text` that the document has already. */
    readonly present: number;
}

export type Change =
    | { readonly kind: 'typed'; readonly offer: Offer }
    | { readonly kind: 'partly-accepted'; readonly offer: Offer }
    | { readonly kind: 'gone' };

const GONE: Change = { kind: 'gone' };

/** `found`: what stands in the document from the offer's start on, at least as much as the offer is long. */
export function after(offer: Offer, found: string): Change {
    const present = commonPrefix(offer.text, found);
    const added = offer.text.slice(offer.present, present);
    if (added === '' || present === offer.text.length) return GONE;
    const next = { ...offer, present };
    return { kind: isKeystroke(added) ? 'typed' : 'partly-accepted', offer: next };
}

/** One character, a pair that closes itself, or a line break with the indentation that the editor adds. */
function isKeystroke(added: string): boolean {
    return [...added].length === 1 || PAIRS.has(added) || /^\r?\n[ \t]*$/.test(added);
}

const PAIRS = new Set(['()', '[]', '{}', '<>', '""', "''", '``']);

export function commonPrefix(a: string, b: string): number {
    const most = Math.min(a.length, b.length);
    let length = 0;
    while (length < most && a[length] === b[length]) length += 1;
    return length;
}
