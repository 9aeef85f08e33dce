/** From a fresh window without a server: installed from the extension, and the active Python environment's, trusted. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';

import { works } from './harness/journey.ts';
import { runs, untilSent } from './harness/record.ts';
import { TOTAL } from './harness/rules.ts';
import { equals, until } from './harness/wait.ts';
import { environmentVariable, newestRun, picture, place, scenario, type World } from './harness/world.ts';

/** Of the folder: not to be listened to before it is trusted. */
const MODEL = '/models/of-the-folder.gguf';

const fresh = place({
    extensions: [environmentVariable('COPILOT_LSP_STUB_PYTHON')],
    env: ({ program }) => ({ COPILOT_LSP_STUB_TARGET: program, PATH: pathWithoutServer() }),
    settings: () => ({
        user: { 'security.workspace.trust.enabled': true, 'security.workspace.trust.startupPrompt': 'never' },
        machine: {},
    }),
});

function pathWithoutServer(): string {
    const folders = (process.env['PATH'] ?? '').split(path.delimiter);
    return folders.filter((folder) => !fs.existsSync(path.join(folder, 'copilot-lsp'))).join(path.delimiter);
}

/** An environment whose server is the recorded one, and its interpreter. */
function environmentOf({ root, program }: World): string {
    const folder = path.join(root, 'environment', 'bin');
    fs.mkdirSync(folder, { recursive: true });
    fs.symlinkSync(program, path.join(folder, 'copilot-lsp'));
    return path.join(folder, 'python');
}

/** There is a server, and the Python extension is asleep. */
const asleep = place({
    extensions: [environmentVariable('COPILOT_LSP_STUB_PYTHON')],
    env: (world) => ({ COPILOT_LSP_STUB_AWAKE: awake(world) }),
    settings: ({ program }) => ({ user: {}, machine: { 'copilotLsp.server.path': program } }),
});

const awake = ({ root }: { root: string }): string => path.join(root, 'awake');

/** The model that the newest server was told of when it started. */
function modelAtStart({ records }: World): unknown {
    const initialize = runs(records).at(-1)?.entries()[0]?.message;
    return initialize?.params?.initializationOptions?.model;
}

/** Takes the offer. */
async function install(world: World): Promise<void> {
    const { editor } = world;
    world.settings.set({ 'copilotLsp.model': MODEL });
    await editor.expectStatus('copilot-lsp: server not found');
    await editor.untilNotified('The server was not found');
    await picture(editor, 'missing');
    await editor.press('Install');
    await editor.untilNotified('installing the server');
    await picture(editor, 'installing');
    await newestRun(world);
    await editor.expectStatus('copilot-lsp');
    await editor.untilNotified('the server is installed');
    await editor.command('Notifications: Clear All Notifications');
}

scenario('without a server the extension offers its own, and installs it', async (world) => {
    await install(world);
    await works(world, 'installed.py');
}, fresh);

scenario('a folder that is not trusted chooses neither server nor model', async (world) => {
    const { editor } = world;
    if (runs(world.records).length === 0) await install(world);
    const run = await newestRun(world);
    assert.equal(modelAtStart(world), undefined);
    const before = run.entries().length;
    const chosen = { 'copilotLsp.model': MODEL, 'stubPython.interpreter': environmentOf(world) };
    world.settings.set({ ...chosen, 'copilotLsp.completion.candidates': 2 });
    const { settings } = await untilSent(run, 'workspace/didChangeConfiguration', before);
    assert.deepEqual(settings.copilotLsp, { 'completion.candidates': 2 });
    await works(world, 'untrusted.py');
    assert.equal((await newestRun(world)).pid, run.pid);
    await editor.command('Workspaces: Manage Workspace Trust');
    const trust = editor.page.locator('.workspace-trust-editor');
    await trust.locator('.monaco-button', { hasText: 'Trust' }).first().click();
    await newestRun(world, run);
    await equals(MODEL, () => modelAtStart(world));
    await trust.press('Escape');
    await trust.waitFor({ state: 'detached' });
    await works(world, 'trusted.py');
}, fresh);

scenario('the Python extension sleeps on until there is Python', async (world) => {
    const { editor } = world;
    await newestRun(world);
    await editor.file('total.js', 'let price = 1, amount = 1, shipping = 1;\n');
    await editor.type('const total = ');
    await editor.expectGhost(TOTAL);
    await editor.keys('Tab', 'Control+s');
    assert.equal(fs.existsSync(awake(world)), false);
    await works(world, 'awake.py');
    await until('the Python extension', () => fs.existsSync(awake(world)));
    assert.equal(runs(world.records).length, 1, 'the server went on');
}, asleep);
