/** One window of VS Code, as a user sees and uses it. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { Page } from 'playwright-core';

import { equals, until } from './wait.ts';

const START_MS = 90_000;
const KEY_MS = 40;

export class Editor {
    readonly page: Page;
    readonly folder: string;

    constructor(page: Page, folder: string) {
        this.page = page;
        this.folder = folder;
    }

    static async open(page: Page, url: string, folder: string): Promise<Editor> {
        await page.goto(`${url}/?folder=${encodeURIComponent(folder)}`, { waitUntil: 'domcontentloaded' });
        await page.locator('.monaco-workbench .statusbar').waitFor({ timeout: START_MS });
        return new Editor(page, folder);
    }

    /** Writes the file, opens it and puts the cursor at its end. */
    async file(name: string, text: string): Promise<void> {
        fs.writeFileSync(path.join(this.folder, name), text);
        await this.show(name);
        await this.keys('Control+End');
    }

    async show(name: string): Promise<void> {
        await this.keys('F1'); // without its ">" the command palette finds files
        const input = this.page.locator('.quick-input-widget input');
        await input.fill(path.join(this.folder, name));
        await this.page.locator('.quick-input-list .monaco-list-row.focused', { hasText: name }).first().waitFor();
        await input.press('Enter');
        await this.page.locator('.tab.active', { hasText: name }).waitFor();
        await this.page.locator('.editor-instance .monaco-editor.focused').waitFor();
    }

    type(text: string): Promise<void> {
        return this.page.keyboard.type(text, { delay: KEY_MS });
    }

    async keys(...keys: string[]): Promise<void> {
        for (const key of keys) await this.page.keyboard.press(key);
    }

    /** Runs a command by its title in the palette. */
    async command(title: string): Promise<void> {
        await this.keys('F1');
        const input = this.page.locator('.quick-input-widget input');
        await input.fill(`>${title}`);
        await this.page.locator('.quick-input-list .monaco-list-row', { hasText: title }).first().waitFor();
        await input.press('Enter');
    }

    /** The ghost text, '' when there is none. */
    async ghost(): Promise<string> {
        return this.page.evaluate(() => {
            const text = (selector: string) => [...document.querySelectorAll(selector)].map((each) => each.textContent ?? '');
            const first = text('.editor-instance .view-lines .view-line [class*="ghost-text"]').join('');
            const further = text('.editor-instance .suggest-preview-text .view-line');
            return [first, ...further].join('\n').replace(/\u00a0/g, ' ');
        });
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

    async openMenu(): Promise<string[]> {
        await this.page.locator('.statusbar-item[id*="copilotLsp.status"]').first().click();
        const rows = this.page.locator('.quick-input-list .monaco-list-row');
        await rows.first().waitFor();
        return (await rows.allTextContents()).map((row) => row.trim());
    }

    async choose(label: string): Promise<void> {
        await this.page.locator('.quick-input-list .monaco-list-row', { hasText: label }).first().click();
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
