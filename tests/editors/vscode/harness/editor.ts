/** One window of VS Code, as a user sees and uses it. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { Locator, Page } from 'playwright-core';

import { equals, PATIENCE_MS, until } from './wait.ts';

const START_MS = 180_000;
/**
 * The palette closes when the focus moves, as it may while an editor opens, and another list may stand where it was
 * looked for: then that is closed, and the palette opened again.
 */
const PALETTE_MS = 5000;
const KEY_MS = 40;
/** An editor of text, ready to type. */
const TEXT = '.editor-instance .monaco-editor.focused';

export class Editor {
    readonly page: Page;
    readonly folder: string;

    constructor(page: Page, folder: string) {
        this.page = page;
        this.folder = folder;
    }

    static async open(page: Page, url: string, folder: string): Promise<Editor> {
        page.setDefaultTimeout(PATIENCE_MS);
        await page.goto(`${url}/?folder=${encodeURIComponent(folder)}`, { waitUntil: 'domcontentloaded', timeout: START_MS });
        await page.locator('.monaco-workbench .statusbar').waitFor({ timeout: START_MS });
        return new Editor(page, folder);
    }

    /** Writes the file, opens it and puts the cursor at its end. */
    async file(name: string, text: string): Promise<void> {
        fs.writeFileSync(path.join(this.folder, name), text);
        await this.show(name);
        await this.keys('Control+End');
    }

    /** `inside`: what has the focus then. */
    async show(name: string, inside = TEXT): Promise<void> {
        await this.pick(path.join(this.folder, name), name); // without its ">" the command palette finds files
        await this.page.locator('.tab.active', { hasText: name }).waitFor();
        await this.focused(inside);
    }

    /**
     * VS Code adds some parts of a window's first editor when it has nothing else to do, ghost text among them. On a
     * busy machine keys that are typed before are not asked for.
     */
    async focused(inside = TEXT): Promise<void> {
        await this.page.locator(inside).first().waitFor();
        await this.page.evaluate(idle);
    }

    type(text: string): Promise<void> {
        return this.page.keyboard.type(text, { delay: KEY_MS });
    }

    async keys(...keys: string[]): Promise<void> {
        for (const key of keys) await this.page.keyboard.press(key);
    }

    /** Runs a command by its title in the palette. */
    async command(title: string): Promise<void> {
        await this.pick(`>${title}`, title);
    }

    /** Writes into the palette, and takes the entry `label`. */
    private async pick(text: string, label: string): Promise<void> {
        const input = this.page.locator('.quick-input-widget input');
        const entry = this.rows().filter({ has: this.page.getByText(label, { exact: true }) }).first();
        await until(`"${label}" in the palette`, async () => {
            if (!(await input.isVisible())) await this.keys('F1');
            const isPicked = await input
                .fill(text, { timeout: PALETTE_MS })
                .then(() => entry.click({ timeout: PALETTE_MS }))
                .then(() => true, () => false);
            if (!isPicked) await this.keys('Escape');
            return isPicked;
        });
    }

    private rows(): Locator {
        return this.page.locator('.quick-input-list .monaco-list-row');
    }

    /** The ghost text, '' when there is none. */
    ghost(): Promise<string> {
        return this.page.evaluate(readGhost);
    }

    /** Every different ghost text of the browser's frames while `act` runs, and the one after it. */
    async ghostsDuring(act: () => Promise<unknown>): Promise<string[]> {
        await this.page.evaluate(`(() => {
            const read = ${readGhost};
            const seen = (window.ghostsSeen = []);
            const look = () => {
                const ghost = read();
                if (ghost !== seen.at(-1)) seen.push(ghost);
                if (window.ghostsSeen === seen) requestAnimationFrame(look);
            };
            look();
        })()`);
        await act();
        const seen = await this.page.evaluate<string[]>('(([seen]) => (delete window.ghostsSeen, seen))([window.ghostsSeen])');
        return [...seen, await this.ghost()].filter((ghost, index, all) => ghost !== all[index - 1]);
    }

    expectGhost(text: string, ms?: number): Promise<void> {
        return equals(text, () => this.ghost(), ms);
    }

    /** Saves; waits until the file on disk is `text`. The editor truncates it first, and then writes. */
    async expectSaved(name: string, text: string): Promise<void> {
        await this.keys('Control+s');
        await equals(text, () => fs.readFileSync(path.join(this.folder, name), 'utf8'));
    }

    /** The text of the status bar item. */
    async status(): Promise<string> {
        const item = this.page.locator('.statusbar-item[id*="copilotLsp.status"]');
        return (await item.count()) ? ((await item.first().textContent()) ?? '').trim() : '';
    }

    expectStatus(text: string, ms?: number): Promise<void> {
        return equals(text, () => this.status(), ms);
    }

    /** Opens the menu of the status bar item, until `label` is in it. */
    async openMenu(label: string): Promise<void> {
        await until(`"${label}" in the menu`, async () => {
            await this.page.locator('.statusbar-item[id*="copilotLsp.status"]').first().click();
            const isThere = await this.entry(label).waitFor({ timeout: PALETTE_MS }).then(() => true, () => false);
            if (!isThere) await this.keys('Escape');
            return isThere;
        });
    }

    choose(label: string): Promise<void> {
        return this.entry(label).click();
    }

    private entry(part: string): Locator {
        return this.rows().filter({ hasText: part }).first();
    }

    /** The texts of the notifications that are shown. */
    async notifications(): Promise<string[]> {
        return this.page.locator('.notification-list-item-message').allTextContents();
    }

    async press(button: string): Promise<void> {
        await this.page.locator('.notification-list-item .monaco-button', { hasText: button }).first().click();
    }

    async untilNotified(part: string, ms?: number): Promise<string> {
        const seen = async () => (await this.notifications()).find((text) => text.includes(part));
        return until(`a notification with "${part}"`, seen, ms);
    }
}

/** Runs in the browser: the first line of the ghost text is in the line that it continues, the others are beside it. */
function readGhost(): string {
    const text = (selector: string) => [...document.querySelectorAll(selector)].map((each) => each.textContent ?? '');
    const first = text(':is(.editor-instance, .notebookOverlay) .view-lines .view-line [class*="ghost-text"]').join('');
    const further = text(':is(.editor-instance, .notebookOverlay) .suggest-preview-text .view-line');
    return [first, ...further].join('\n').replace(/\u00a0/g, ' ');
}

/** Runs in the browser, which calls back in turn: what VS Code was about to do when idle is done by then. */
async function idle(): Promise<void> {
    for (const _ of ['its own', 'and what follows from that']) {
        await new Promise((resolve) => requestIdleCallback(resolve, { timeout: 10_000 }));
    }
}
