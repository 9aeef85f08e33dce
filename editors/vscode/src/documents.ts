/** Which documents are the server's. */
import { languages, window, type TextDocument } from 'vscode';

/** Every language: the server completes what it has no grammar for as well. */
export const DOCUMENTS = ['file', 'untitled', 'vscode-notebook-cell'].map((scheme) => ({ scheme }));

/** What the user looks at, if it is one of them. */
export function activeDocument(): TextDocument | undefined {
    const document = window.activeTextEditor?.document;
    return document && languages.match(DOCUMENTS, document) > 0 ? document : undefined;
}
