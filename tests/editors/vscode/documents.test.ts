/** Documents that are no files of their own: cells of a notebook, and what has not been saved yet. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';

import { sent } from './harness/record.ts';
import { TOTAL } from './harness/rules.ts';
import { equals } from './harness/wait.ts';
import { newestRun, picture, scenario } from './harness/world.ts';

const NAMES = 'price = amount = shipping = 1';

const cell = (source: string) => ({ cell_type: 'code', execution_count: null, metadata: {}, outputs: [], source: [source] });

function notebook(...sources: string[]): string {
    const language = { language_info: { name: 'python' } };
    return JSON.stringify({ cells: sources.map(cell), metadata: language, nbformat: 4, nbformat_minor: 5 });
}

function sourcesOf(file: string): string[] {
    const text = fs.readFileSync(file, 'utf8');
    return text ? JSON.parse(text).cells.map((each: { source: string[] }) => each.source.join('')) : [];
}

scenario('a cell of a notebook is completed', async (world) => {
    const { editor } = world;
    const run = await newestRun(world);
    const file = path.join(editor.folder, 'book.ipynb');
    fs.writeFileSync(file, notebook(NAMES, 'x = 1'));
    await editor.show('book.ipynb', '.notebook-editor');
    await editor.page.locator('.notebook-editor .cell .view-lines').nth(1).click();
    await editor.focused('.notebook-editor .cell .monaco-editor.focused');
    await editor.keys('Control+End', 'Enter');
    await editor.type('total = ');
    await editor.expectGhost(TOTAL);
    await picture(editor, 'notebook');
    await editor.keys('Tab', 'Control+s');
    await equals([NAMES, `x = 1\ntotal = ${TOTAL}`], () => sourcesOf(file));
    const opened = sent(run, 'notebookDocument/didOpen').at(-1).cellTextDocuments;
    assert.deepEqual(opened.map((each: { text: string }) => each.text), [NAMES, 'x = 1']);
});

scenario('a document that has no file yet is completed', async (world) => {
    const { editor, settings } = world;
    await newestRun(world);
    settings.set({ 'copilotLsp.enable': { plaintext: true } });
    await editor.command('File: New Untitled Text File');
    await editor.focused();
    await editor.expectStatus('copilot-lsp');
    await editor.type(`${NAMES}\ntotal = `);
    await editor.expectGhost(TOTAL);
    await picture(editor, 'untitled');
    await editor.keys('Tab');
    const lines = editor.page.locator('.editor-instance .view-line');
    const shown = async () => (await lines.allTextContents()).map((line) => line.replaceAll('\u00a0', ' '));
    await equals([NAMES, `total = ${TOTAL}`], shown);
    await editor.command('View: Revert and Close Editor');
    settings.set({});
});
