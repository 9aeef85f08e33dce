/** The server's life: killed and back, its engine dead, settings changed live. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';

import { isSilent, settled, VALUES, works } from './harness/journey.ts';
import { isReady, runs, status, untilAnswered, untilSent, type Run } from './harness/record.ts';
import { TOTAL } from './harness/rules.ts';
import { equals, until } from './harness/wait.ts';
import { fakeEngine, newestRun, picture, scenario, setArguments, type World } from './harness/world.ts';

const READY = 'copilot-lsp';
/** A server that ends five times is not started again; in between it is waited for longer and longer. */
const GIVING_UP_MS = 90_000;

/** As the user's settings have it. */
const isOn = (settings: World['settings'], language: string): boolean | undefined =>
    (settings.ofUser('copilotLsp.enable') as Record<string, boolean> | undefined)?.[language];

/** What the extension has logged. */
function logOf({ root }: World): string {
    const files = fs.globSync('user-data/logs/**/copilot-lsp*.log', { cwd: root });
    return files.map((file) => fs.readFileSync(path.join(root, file), 'utf8')).join('');
}

/** The server after `last`; undefined when there is none any more, and the user was told. */
async function successor(world: World, last: Run): Promise<Run | undefined> {
    const newer = () => runs(world.records).slice(-1).find((run) => run.pid !== last.pid && isReady(run));
    const isTold = async () => (await world.editor.notifications()).some((text) => text.includes('has stopped'));
    await until('another server, or a word', async () => newer() ?? isTold(), GIVING_UP_MS);
    return newer();
}

scenario('the server is killed: a new one takes over without a word', async (world) => {
    const { editor } = world;
    const first = await newestRun(world);
    await works(world, 'before-kill.py');
    process.kill(first.pid, 'SIGKILL');
    await newestRun(world, first);
    await works(world, 'after-kill.py');
    assert.deepEqual(await editor.notifications(), []);
    await editor.expectStatus(READY);
});

scenario('killed again and again, it stops and says so; Restart brings it back', async (world) => {
    const { editor } = world;
    for (let last: Run | undefined = await newestRun(world); last; last = await successor(world, last)) {
        process.kill(last.pid, 'SIGKILL');
    }
    await editor.expectStatus('copilot-lsp: stopped');
    await picture(editor, 'stopped');
    const known = runs(world.records).length;
    await editor.press('Restart');
    await until('another run', () => runs(world.records).length > known);
    await newestRun(world);
    await editor.expectStatus(READY);
    await works(world, 'after-restart.py');
});

scenario('a server that ends at once: said once, and the log says why', async (world) => {
    const { editor } = world;
    const last = await newestRun(world);
    setArguments(world, ['--no-such-option']);
    await editor.command('copilot-lsp: Restart');
    await editor.untilNotified('has stopped', GIVING_UP_MS);
    await editor.expectStatus('copilot-lsp: stopped');
    assert.equal((await editor.notifications()).length, 1);
    await editor.press('Show log');
    await until('the reason in the log', () => logOf(world).includes('unrecognized arguments: --no-such-option'));
    assert.deepEqual(await editor.notifications(), []);
    await picture(editor, 'log');
    setArguments(world, fakeEngine(world));
    await editor.command('copilot-lsp: Restart');
    await newestRun(world, last);
    await editor.expectStatus(READY);
    await editor.command('View: Toggle Panel Visibility');
    await works(world, 'after-wrong-option.py');
});

scenario('the engine dies over a request: the next one is answered', async (world) => {
    const { editor } = world;
    const run = await newestRun(world);
    await editor.file('fragile.py', '# fragile\n');
    const before = run.entries().length;
    await editor.type('fragile = ');
    assert.deepEqual(await untilAnswered(run, 'fragile = '.length, before), []);
    await editor.expectSaved('fragile.py', '# fragile\nfragile = ');
    assert.equal(await editor.ghost(), '');
    await works(world, 'after-fragile.py');
});

scenario('a language turned off in the settings', async (world) => {
    const { editor, settings } = world;
    const run = await newestRun(world);
    await editor.file('off.py', VALUES);
    settings.set({ 'copilotLsp.disabledLanguages': ['python'] });
    await editor.expectStatus('copilot-lsp: off here');
    await isSilent(world, run, 'silent.py');
    await editor.file('other.js', 'let price = 1, amount = 1, shipping = 1;\n');
    await editor.expectStatus(READY);
    await editor.type('const total = ');
    await editor.expectGhost(TOTAL);
    await editor.keys('Escape', 'Control+s');
    settings.set({});
    await editor.show('silent.py');
    await editor.expectStatus(READY);
});

scenario('turned off and on again by the menu', async (world) => {
    const { editor, settings } = world;
    const run = await newestRun(world);
    await editor.file('menu.py', VALUES);
    await editor.openMenu('Turn off for python');
    await picture(editor, 'menu');
    await editor.choose('Turn off for python');
    await editor.expectStatus('copilot-lsp: off here');
    await equals(false, () => isOn(settings, 'python'));
    await editor.openMenu('Turn on for python');
    await editor.choose('Turn on for python');
    await editor.expectStatus(READY);
    await equals(true, () => isOn(settings, 'python'));
    await editor.openMenu('Turn off in this workspace');
    await editor.choose('Turn off in this workspace');
    await editor.expectStatus('copilot-lsp: off');
    await isSilent(world, run, 'off-in-workspace.py');
    await editor.openMenu('Turn on in this workspace');
    await editor.choose('Turn on in this workspace');
    await editor.expectStatus(READY);
    await works(world, 'on-again.py');
});

scenario('settings reach the running server', async (world) => {
    const { editor, settings } = world;
    const run = await newestRun(world);
    const before = run.entries().length;
    settings.set({ 'copilotLsp.completion.candidates': 1 });
    const pushed = await untilSent(run, 'workspace/didChangeConfiguration', before);
    assert.deepEqual(pushed.settings.copilotLsp, { 'completion.candidates': 1 }, 'what is set, and nothing else');
    await editor.file('one.py', VALUES);
    await editor.type('total = ');
    await editor.expectGhost(TOTAL);
    const asked = run.entries().length;
    await editor.keys('Alt+BracketRight');
    assert.deepEqual(await untilAnswered(run, 'total = '.length, asked), [TOTAL]);
    assert.equal(await settled(editor, run), TOTAL);
    await editor.keys('Escape', 'Control+s');
    settings.set({ 'copilotLsp.enabled': false });
    await editor.expectStatus('copilot-lsp: off');
    await isSilent(world, run, 'all-off.py');
    settings.set({});
    await editor.expectStatus(READY);
    await works(world, 'live.py');
    assert.equal((await newestRun(world)).pid, run.pid, 'the server was not restarted');
});

scenario('the menu says why nothing was shown', async (world) => {
    const { editor } = world;
    const run = await newestRun(world);
    await editor.file('why.py', VALUES);
    await editor.type('total = x');
    await editor.keys('ArrowLeft');
    await editor.type('ab');
    await until('the reason', () => status(run).lastSilence?.message.includes('inside a word'));
    await editor.openMenu('The cursor is inside a word');
    await editor.choose('Why was nothing shown?');
    await editor.untilNotified('Nothing was shown because the cursor is inside a word.');
    await picture(editor, 'why');
    await editor.command('Notifications: Clear All Notifications');
    await editor.show('why.py');
    await editor.keys('Control+s');
});
