/** A headless Chromium that reaches nothing but this machine. */
import { chromium, type BrowserContext } from 'playwright-core';

const SIZE = { width: 1100, height: 640 };

/** `locale`: the display language; extensions follow it. VS Code's own words would need a language pack. */
export async function startBrowser(profile: string, locale: string): Promise<BrowserContext> {
    const context = await chromium.launchPersistentContext(profile, {
        executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
        headless: true,
        viewport: SIZE,
        args: [
            '--no-sandbox',
            '--disable-gpu',
            '--disable-quic',
            '--no-first-run',
            '--disable-background-networking',
            '--disable-component-update',
            '--disable-sync',
            '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
        ],
    });
    await context.addInitScript(`globalThis._VSCODE_NLS_LANGUAGE = ${JSON.stringify(locale)}`);
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    return context;
}
