/** Models: the offer, the menu; got with progress, cancelled, switched to without a restart, removed. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as http from 'node:http';
import * as os from 'node:os';
import * as path from 'node:path';
import { after } from 'node:test';

import { decline } from './harness/offer.ts';
import { answered, status } from './harness/record.ts';
import { equals, until } from './harness/wait.ts';
import { environmentVariable, newestRun, picture, place, scenario, setArguments, type World } from './harness/world.ts';

const SHIPPED = 'copilot-lsp-fim';
const OTHER = 'another';
const WIDE = 'wide';
const EXECUTE = 'workspace/executeCommand';

/** The model's file, under another name and slowly: there is time to see the progress, and to cancel. */
const FILE = path.join(import.meta.dirname, '..', '..', '..', 'models', `${SHIPPED}.gguf`);
const WIDE_FILE = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'wide-')), `${WIDE}.gguf`);
const CHUNK = 1 << 20;
const CHUNK_MS = 60;

const web = http.createServer((request, response) => {
    const [file, pause] = request.url?.includes(WIDE) ? [WIDE_FILE, 0] : [FILE, CHUNK_MS];
    const whole = fs.statSync(file).size;
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const headers = { 'Content-Length': whole - from, 'Accept-Ranges': 'bytes', ETag: '"1"' };
    response.writeHead(from ? 206 : 200, from ? { ...headers, 'Content-Range': `bytes ${from}-${whole - 1}/${whole}` } : headers);
    if (request.method === 'HEAD') return response.end();
    const source = fs.createReadStream(file, { start: from, highWaterMark: CHUNK });
    source.on('data', (chunk) => {
        source.pause();
        response.write(chunk, () => setTimeout(() => source.resume(), pause));
    });
    source.on('end', () => response.end());
    response.on('close', () => source.destroy());
    return undefined;
});
after(() => {
    web.close();
    fs.rmSync(path.dirname(WIDE_FILE), { recursive: true });
});

/** Neither models nor choices of the user's. */
const own = ({ root }: { root: string }) => ({
    XDG_CACHE_HOME: path.join(root, 'cache'),
    COPILOT_LSP_CONFIG_DIR: path.join(root, 'choices'),
});

const fresh = place({
    extensions: [],
    env: own,
    settings: ({ program }) => ({ user: {}, machine: { 'copilotLsp.server.path': program } }),
});

/** Gives a file on the web a name. */
async function name(world: World, model: string): Promise<void> {
    if (!web.listening) await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
    const { port } = web.address() as { port: number };
    const words = ['models', 'add', `http://127.0.0.1:${port}/${model}.gguf`, '--name', model];
    execFileSync(environmentVariable('COPILOT_LSP_SERVER'), words, { env: { ...process.env, ...own(world) } });
}

/** Opens the menu of models, and leaves `row` of it. */
async function menu({ editor }: World, row: string): Promise<void> {
    await editor.command('copilot-lsp: Choose a Model');
    await inMenu({ editor }, row);
}

/** Leaves `row` of the menu that is open, or about to be. */
async function inMenu({ editor }: Pick<World, 'editor'>, row: string): Promise<void> {
    await editor.page.locator('.quick-input-title', { hasText: 'Model that completes' }).waitFor();
    await editor.page.locator('.quick-input-widget input').fill(row);
    await editor.page.locator('.quick-input-list .monaco-list-row', { hasText: row }).first().waitFor();
}

async function inDialog({ editor }: World, button: string): Promise<void> {
    await editor.page.locator('.monaco-dialog-box .monaco-button', { hasText: button }).click();
}

const isInUse = (world: World, model: string): Promise<void> =>
    equals([model, 'ready'], async () => {
        const { model: name, state } = status(await newestRun(world));
        return [name, state];
    });

scenario('a model is offered, got, cancelled, got, switched to and removed', async (world) => {
    const { editor } = world;
    const fake = await newestRun(world);
    await name(world, OTHER);
    setArguments(world, []);
    await editor.command('copilot-lsp: Restart');
    const run = await newestRun(world, fake);
    await editor.file('offer.py', 'def add(a, b):\n    return a + b\n\n\ndef subtract(a, b):\n');
    await editor.type('    ');
    await editor.keys('Alt+Backslash');
    await until('ghost text', async () => (await editor.ghost()).trim());
    await picture(editor, 'offer');
    await decline(world, run);
    await editor.show('offer.py');
    await editor.keys('Escape', 'Control+s');

    await menu(world, '');
    await picture(editor, 'models');
    await editor.keys('Escape');
    await menu(world, OTHER);
    await editor.choose(OTHER);
    await until('the notice', () => editor.page.locator('.monaco-dialog-box').isVisible());
    await picture(editor, 'notice');
    await inDialog(world, 'Get It');
    await editor.untilNotified('MB/s');
    await picture(editor, 'pull');
    await editor.press('Cancel');
    await until('the end', () => answered(run, EXECUTE, 'copilotLsp.models.pull')?.cancelled);
    await isInUse(world, SHIPPED);

    await menu(world, 'of it here');
    await editor.choose(OTHER);
    await inDialog(world, 'Get It');
    await editor.untilNotified(`${OTHER} is the model now`);
    await isInUse(world, OTHER);
    await menu(world, 'in use');
    await picture(editor, 'models-switched');
    await editor.keys('Escape');
    await menu(world, SHIPPED);
    await editor.choose(SHIPPED);
    await isInUse(world, SHIPPED);
    assert.equal((await newestRun(world)).pid, run.pid, 'the server was not restarted');

    await menu(world, OTHER);
    const row = editor.page.locator('.quick-input-list .monaco-list-row', { hasText: OTHER }).first();
    await row.hover();
    await row.locator('.codicon-trash').click();
    await inDialog(world, 'Remove');
    await until('it is gone', () => answered(run, EXECUTE, 'copilotLsp.models.remove')?.ok);
    await inMenu(world, SHIPPED); // it comes back after a removal
    await editor.keys('Escape');
}, fresh);

scenario('the machine is measured in a terminal, and the server started again', async (world) => {
    const { editor } = world;
    const run = await newestRun(world);
    await editor.file('tune.py', 'value = 1\n');
    setArguments(world, []);
    await editor.command('copilot-lsp: Measure This Machine');
    await until('the profile', () => fs.existsSync(path.join(own(world).COPILOT_LSP_CONFIG_DIR, 'profile.toml')), 240_000);
    await newestRun(world, run);
}, fresh);

scenario('a faster copy is offered after a download, made with progress and used', async (world) => {
    const { editor } = world;
    const python = path.join(path.dirname(environmentVariable('COPILOT_LSP_SERVER')), 'python');
    execFileSync(python, [path.join(import.meta.dirname, '..', '..', 'wide_model.py'), WIDE_FILE]);
    const fake = await newestRun(world);
    await name(world, WIDE);
    setArguments(world, []);
    await editor.command('copilot-lsp: Restart');
    const run = await newestRun(world, fake);
    await editor.file('copy.py', 'value = 1\n');
    await menu(world, WIDE);
    await editor.choose(WIDE);
    await inDialog(world, 'Get It');
    await editor.untilNotified(`Make a faster copy of ${WIDE}?`);
    await isInUse(world, WIDE);
    await picture(editor, 'copy-offer');
    await editor.press('Make a Copy');
    await editor.untilNotified('trying the original');
    await picture(editor, 'copy-progress');
    await editor.press('Cancel');
    await until('the end', () => answered(run, EXECUTE, 'copilotLsp.models.trim')?.cancelled);
    await isInUse(world, WIDE);

    await menu(world, WIDE);
    const row = editor.page.locator('.quick-input-list .monaco-list-row', { hasText: WIDE }).first();
    await row.hover();
    await row.locator('.codicon-zap').click();
    await until('the copy', () => answered(run, EXECUTE, 'copilotLsp.models.trim')?.ok, 240_000);
    await isInUse(world, `${WIDE}-trimmed`);
    assert.equal((await newestRun(world)).pid, run.pid, 'the server was not restarted');
}, fresh);
