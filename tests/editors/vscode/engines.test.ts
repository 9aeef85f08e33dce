/** Engines that are not the window's own: a server's, and one that VS Code and Neovim share. With the default model. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';

import { freePort } from './harness/codeServer.ts';
import type { Editor } from './harness/editor.ts';
import { LlamaServer } from './harness/llamaServer.ts';
import { closeNeovims, Neovim } from './harness/neovim.ts';
import { hubs, meetingPlaces, workers } from './harness/processes.ts';
import { isAnswered, status, type Run } from './harness/record.ts';
import { equals, until } from './harness/wait.ts';
import { newestRun, picture, place, scenario, type World } from './harness/world.ts';

/** For what waits for a model that loads, on a busy machine. */
const LOADING_MS = 180_000;

/** What the model is not sure of is shown as well: this is not about what it knows. */
const UNSURE = { 'copilotLsp.completion.confidence': 0 };

/** On a busy machine two wait for each other. */
const ONE_THREAD = { 'copilotLsp.engine.threads': 1 };
const UNSURE_TOO = '{ completion = { confidence = 0 }, engine = { threads = 1 } }';

const CODE = `import json


def read_config(path):
    with open(path) as file:
        return json.load(file)


def write_config(path, config):
    with open(path, "w") as file:
`;

const TYPED = '        file.wr';
const BEGINS = 'ite';

const port = await freePort();
const host = `127.0.0.1:${port}`;

/** Of the machine: a folder's settings have no say in where text goes. */
const REMOTE = { 'copilotLsp.remote.endpoints': [`http://${host}`], 'copilotLsp.remote.timeoutMs': 60_000 };

const real = place({
    extensions: [],
    env: () => ({}),
    settings: ({ program }) => ({ user: UNSURE, machine: { 'copilotLsp.server.path': program, ...ONE_THREAD, ...REMOTE } }),
    real: true,
});

/** Typed, seen, taken, on the disk. Real ghost text grows: a key later there may be more of it. */
async function takes({ editor }: World, run: Run, name: string): Promise<void> {
    await editor.file(name, CODE);
    await editor.type(TYPED);
    await until('ghost text', () => hasGhost(editor, run), LOADING_MS);
    await editor.keys('Tab', 'Control+s');
    const saved = () => fs.readFileSync(path.join(editor.folder, name), 'utf8');
    await until('it on the disk', () => saved().startsWith(`${CODE}${TYPED}${BEGINS}`));
}

/** Asks again where VS Code has called its question back, as it does when the focus moves. */
async function hasGhost(editor: Editor, run: Run): Promise<boolean> {
    if ((await editor.ghost()).startsWith(BEGINS)) return true;
    if (isAnswered(run)) await editor.keys('Alt+Backslash');
    return false;
}

async function takesToo(neovim: Neovim, name: string): Promise<void> {
    const taken = await neovim.takes(TYPED.trim(), name, CODE + TYPED);
    assert.ok(taken.startsWith(BEGINS), taken);
}

const told = (run: Run, field: string, value: unknown): Promise<void> => equals(value, () => status(run)?.[field], LOADING_MS);

/** What the status bar item says, with its tooltip. */
async function says({ editor }: World, part: string): Promise<void> {
    const item = editor.page.locator('.statusbar-item[id*="copilotLsp.status"]').first();
    const label = async () => `${await item.getAttribute('aria-label')}${await item.locator('a').first().getAttribute('aria-label')}`;
    await until(`"${part}" in the status`, async () => (await label()).includes(part));
    await item.hover();
    await editor.page.locator('.monaco-hover', { hasText: part }).first().waitFor();
}

/** What was said some seconds ago is no longer shown by itself. */
async function isAsked({ editor }: World): Promise<void> {
    await editor.command('Notifications: Show Notifications');
    await editor.untilNotified(`complete code on ${host}`);
}

scenario('a remote llama-server: asked for, used, replaced by the local engine, and used again', async (world) => {
    const { editor } = world;
    const run = await newestRun(world);
    let server = await LlamaServer.start(world, port);
    try {
        await isAsked(world);
        assert.equal(status(run).remote, '');
        await picture(editor, 'consent');
        await editor.press(`Send text to ${host}`);
        await told(run, 'remote', host);
        await takes(world, run, 'remote.py');
        await says(world, `text goes to ${host}`);
        await picture(editor, 'remote');
        assert.ok((await server.written()) > 0);
        server.kill();
        await takes(world, run, 'fallback.py');
        await told(run, 'remote', '');
        await says(world, 'on this machine: ready');
        await picture(editor, 'fallback');
        server = await LlamaServer.start(world, port);
        await told(run, 'remote', host);
        await takes(world, run, 'again.py');
        assert.ok((await server.written()) > 0);
    } finally {
        server.kill();
    }
}, real);

/** The user has not allowed the host, is asked again, and declines. */
async function declines(world: World): Promise<Run> {
    const { editor } = world;
    fs.rmSync(path.join(world.root, 'settings'), { recursive: true, force: true });
    await editor.command('Notifications: Clear All Notifications');
    const before = await newestRun(world);
    await editor.command('copilot-lsp: Restart');
    const run = await newestRun(world, before);
    await isAsked(world);
    await editor.press('Not now');
    return run;
}

scenario('VS Code and Neovim share one engine; one is killed, and the other goes on', (world) => share(world).finally(closeNeovims), real);

async function share(world: World): Promise<void> {
    const { server, editor } = world;
    const run = await declines(world);
    await told(run, 'sharedBy', 1);
    await takes(world, run, 'first.py');
    await equals(1, () => workers(world).length);
    const engine = workers(world);
    const open = () => Neovim.open(world, UNSURE_TOO, 'second.py', CODE);
    const killed = await open();
    await takesToo(killed, 'second.py');
    await told(run, 'sharedBy', 2);
    await says(world, 'Engine: shared by 2 windows');
    await picture(editor, 'shared');
    await killed.call('command', 'CopilotLsp status');
    await until('it in Neovim', async () => (await killed.call('screen')).includes('engine: shared by 2 windows'));
    await killed.call('keys', 'Enter');
    await equals([1, engine], () => [hubs(world).length, workers(world)]);
    await killed.kill();
    await told(run, 'sharedBy', 1);
    await takes(world, run, 'third.py');
    const last = await open();
    await until('both', async () => (await last.status('sharedBy')) === 2, LOADING_MS);
    server.kill();
    await until('one', async () => (await last.status('sharedBy')) === 1, LOADING_MS);
    await takesToo(last, 'second.py');
    await equals([1, engine], () => [hubs(world).length, workers(world)]);
    await last.close();
    await equals([[], []], () => [hubs(world), workers(world)]);
    assert.deepEqual(meetingPlaces(world), []);
    await real.leave();
}
