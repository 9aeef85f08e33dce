/** The server's life: killed and back, its engine dead, settings changed live. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';

import { VALUES, works } from './harness/journey.ts';
import { runs, untilSent } from './harness/record.ts';
import { TOTAL } from './harness/rules.ts';
import { equals, pause, until } from './harness/wait.ts';
import { fakeEngine, newestRun, picture, scenario, setArguments, type World } from './harness/world.ts';

const READY = 'copilot-lsp';
/** A server that ends five times is not started again; in between it is waited for longer and longer. */
const GIVING_UP_MS = 90_000;

/** What the extension has logged. */
function logOf({ root }: World): string {
    const files = fs.globSync('user-data/logs/**/copilot-lsp*.log', { cwd: root });
    return files.map((file) => fs.readFileSync(path.join(root, file), 'utf8')).join('');
}

/** A fresh file does not complete. */
async function isSilent({ editor }: World, name: string): Promise<void> {
    await editor.file(name, VALUES);
    await editor.type('total = ');
    await pause(1000);
    assert.equal(await editor.ghost(), '');
    await editor.keys('Control+s');
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
    for (let last = await newestRun(world); ; ) {
        process.kill(last.pid, 'SIGKILL');
        const next = await Promise.race([newestRun(world, last), editor.untilNotified('has stopped', GIVING_UP_MS)]);
        if (typeof next === 'string') break;
        last = next;
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
    await pause(3000);
    assert.equal((await editor.notifications()).length, 1);
    await editor.expectStatus('copilot-lsp: stopped');
    await editor.press('Show log');
    await until('the reason in the log', () => logOf(world).includes('unrecognized arguments: --no-such-option'));
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
    await editor.file('fragile.py', '# fragile\n');
    await editor.type('fragile = ');
    await pause(500);
    assert.equal(await editor.ghost(), '');
    await editor.keys('Control+s');
    await works(world, 'after-fragile.py');
});

scenario('a language turned off in the settings', async (world) => {
    const { editor, settings } = world;
    await editor.file('off.py', VALUES);
    settings.set({ 'copilotLsp.disabledLanguages': ['python'] });
    await editor.expectStatus('copilot-lsp: off here');
    await isSilent(world, 'silent.py');
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
    await editor.file('menu.py', VALUES);
    const rows = await editor.openMenu();
    assert.match(rows.join('\n'), /Turn off for python/);
    await picture(editor, 'menu');
    await editor.choose('Turn off for python');
    await editor.expectStatus('copilot-lsp: off here');
    await equals(['python'], () => settings.ofUser('copilotLsp.disabledLanguages'));
    await editor.openMenu();
    await editor.choose('Turn on for python');
    await editor.expectStatus(READY);
    await equals([], () => settings.ofUser('copilotLsp.disabledLanguages'));
    await editor.openMenu();
    await editor.choose('Turn off in this workspace');
    await editor.expectStatus('copilot-lsp: off');
    await isSilent(world, 'off-in-workspace.py');
    await editor.openMenu();
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
    assert.equal(pushed.settings.copilotLsp.completion.candidates, 1);
    assert.equal('server' in pushed.settings.copilotLsp, false);
    await editor.file('one.py', VALUES);
    await editor.type('total = ');
    await editor.expectGhost(TOTAL);
    await editor.keys('Alt+BracketRight');
    await pause(700);
    assert.equal(await editor.ghost(), TOTAL);
    await editor.keys('Escape', 'Control+s');
    settings.set({ 'copilotLsp.enabled': false });
    await editor.expectStatus('copilot-lsp: off');
    await isSilent(world, 'all-off.py');
    settings.set({});
    await editor.expectStatus(READY);
    await works(world, 'live.py');
    assert.equal((await newestRun(world)).pid, run.pid, 'the server was not restarted');
});

scenario('the menu says why nothing was shown', async ({ editor }) => {
    await editor.file('why.py', VALUES);
    await editor.type('total = x');
    await editor.keys('ArrowLeft');
    await editor.type('ab');
    await pause(700);
    const rows = await editor.openMenu();
    assert.match(rows.join('\n'), /The cursor is inside a word/);
    await editor.choose('Why was nothing shown?');
    await editor.untilNotified('Nothing was shown because the cursor is inside a word.');
    await picture(editor, 'why');
    await editor.command('Notifications: Clear All Notifications');
    await editor.show('why.py');
    await editor.keys('Control+s');
});
