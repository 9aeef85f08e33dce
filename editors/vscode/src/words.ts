/** Texts for people, in the language of the editor. Pure: extension.ts hands in VS Code's translations. */

/** `{0}` in `text` is the first of `values`. */
type Translate = (text: string, ...values: (string | number)[]) => string;

let translate: Translate = (text, ...values) => text.replace(/\{(\d+)\}/g, (_, index) => String(values[Number(index)]));

export function translateWith(translation: Translate): void {
    translate = translation;
}

/** `text` is the English text and the key of the others, in l10n/. A literal: a test compares the keys. */
export const t: Translate = (text, ...values) => translate(text, ...values);
