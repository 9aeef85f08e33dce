/** A VS Code with a server under record. Starting one takes half a minute: tests share them. */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, test } from 'node:test';
import type { BrowserContext } from 'playwright-core';

import { startBrowser } from './browser.ts';
import { startCodeServer, userData, type CodeServer } from './codeServer.ts';
import { Editor } from './editor.ts';
import { isReady, runs, type Run } from './record.ts';
import { rules } from './rules.ts';
import { Settings } from './settings.ts';
import { until } from './wait.ts';

const TEST_MS = 900_000;
const START_MS = 180_000;

export interface World {
    readonly root: string;
    readonly server: CodeServer;
    readonly browser: BrowserContext;
    readonly editor: Editor;
    readonly settings: Settings;
    /** Where recorder.py writes. */
    readonly records: string;
    /** The server under record: a program that takes the server's arguments. */
    readonly program: string;
}

/** `settings`: the user's or the machine's, as files that are there before the start. */
export interface Plan {
    readonly extensions: readonly string[];
    readonly env: (world: { root: string; program: string }) => NodeJS.ProcessEnv;
    readonly settings: (world: { root: string; program: string }) => { user: object; machine: object };
    /** With the default model; without this, the engine is scripted. */
    readonly real?: boolean;
    /** The display language; English when it is left out. */
    readonly locale?: string;
    /** The variable that names our .vsix; that with a stand-in for the server when it is left out. */
    readonly vsix?: string;
}

/** A world that scenarios share. */
export interface Place {
    /** Started when it is first asked for. */
    enter(): Promise<World>;
    /** Ended; the next one to enter finds a new one. */
    leave(): Promise<void>;
}

const places: Place[] = [];

export function place(plan: Plan): Place {
    let world: Promise<World> | undefined;
    const enter = () => (world ??= start(plan));
    const leave = async () => {
        const left = await world?.catch(() => undefined);
        world = undefined;
        if (left) await end(left);
    };
    places.push({ enter, leave });
    return { enter, leave };
}

/** The extension finds the server by its setting. */
const shared = place({
    extensions: [],
    env: () => ({}),
    settings: ({ program }) => ({ user: {}, machine: { 'copilotLsp.server.path': program } }),
});

/** A test in a window. When it fails, a picture is taken, and the next test gets a new window. */
export function scenario(name: string, act: (world: World) => Promise<void>, where = shared): void {
    test(name, { timeout: TEST_MS }, async () => {
        try {
            await act(await where.enter());
        } catch (error) {
            const evidence = where.enter().then((world) => keepEvidence(world, `failed-${name.replace(/\W+/g, '-')}`));
            await evidence.catch(() => undefined).finally(() => where.leave());
            throw error;
        }
    });
}

export async function picture(editor: Editor, name: string): Promise<void> {
    await editor.page.screenshot({ path: artifact(`vscode-${name}.png`), animations: 'disabled' });
}

async function keepEvidence(world: World, name: string): Promise<void> {
    await picture(world.editor, name);
    fs.cpSync(world.records, artifact(name), { recursive: true });
}

const artifact = (name: string): string => path.join(environmentVariable('COPILOT_LSP_ARTIFACTS'), name);

/** The newest run of the server, once its engine is ready. `than`: a newer one than this. */
export function newestRun(world: World, than?: Run): Promise<Run> {
    return until('a server that is ready', () => {
        const run = runs(world.records).at(-1);
        return run && run.pid !== than?.pid && isReady(run) ? run : undefined;
    }, START_MS);
}

export function environmentVariable(name: string): string {
    const value = process.env[name];
    if (!value) throw new Error(`${name} is not set: run this by scripts/editors_vscode.py test`);
    return value;
}

/** Of the server's own besides what the editor gives: none makes it run the real model. */
export function setArguments({ root }: { root: string }, words: readonly string[]): void {
    fs.writeFileSync(path.join(root, 'arguments'), words.join('\n'));
}

export function fakeEngine({ root }: { root: string }): string[] {
    return ['--engine', 'fake', '--fake-script', path.join(root, 'rules.json')];
}

async function start(plan: Plan): Promise<World> {
    const root = fs.mkdtempSync(path.join(os.tmpdir(), 'copilot-lsp-vscode-'));
    const folder = path.join(root, 'project');
    const records = path.join(root, 'records');
    for (const each of [folder, records]) fs.mkdirSync(each);
    const program = launcher(root, records, plan.real ? [] : fakeEngine({ root }));
    const { user, machine } = plan.settings({ root, program });
    const settings = new Settings(userData(root), folder, user, machine);
    const extensions = [...plan.extensions, environmentVariable(plan.vsix ?? 'COPILOT_LSP_VSIX')];
    const server = await startCodeServer(root, extensions, plan.env({ root, program }));
    const browser = await startBrowser(path.join(root, 'browser'), plan.locale ?? 'en');
    const page = browser.pages()[0] ?? (await browser.newPage());
    const editor = await Editor.open(page, server.url, folder);
    await until('the extension', () => editor.status(), START_MS);
    return { root, server, browser, settings, records, program, editor };
}

/** A program that is the server under the recorder, with the arguments of `setArguments`. */
function launcher(root: string, records: string, words: readonly string[]): string {
    fs.writeFileSync(path.join(root, 'rules.json'), JSON.stringify(rules));
    setArguments({ root }, words);
    const recorder = path.join(import.meta.dirname, '..', 'recorder.py');
    const program = [environmentVariable('PYTHON'), recorder, records, environmentVariable('COPILOT_LSP_SERVER')];
    const command = program.map((word) => `'${word}'`).join(' ');
    const file = path.join(root, 'recorded-copilot-lsp');
    fs.writeFileSync(file, `#!/bin/sh\nexec ${command} "$@" $(cat '${root}/arguments')\n`, { mode: 0o755 });
    return file;
}

async function end({ browser, server, root }: World): Promise<void> {
    await browser.close();
    server.stop();
    if (process.env['COPILOT_LSP_KEEP']) return;
    fs.rmSync(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 300 });
}

after(async () => {
    for (const each of places) await each.leave();
});
