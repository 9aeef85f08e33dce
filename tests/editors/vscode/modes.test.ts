/** When completions come: by language, only when asked for, not during a snooze. */
import assert from 'node:assert/strict';

import { VALUES, works } from './harness/journey.ts';
import { sent } from './harness/record.ts';
import { TOTAL } from './harness/rules.ts';
import { equals } from './harness/wait.ts';
import { newestRun, picture, scenario, type World } from './harness/world.ts';

const INLINE = 'textDocument/inlineCompletion';
const READY = 'copilot-lsp';

/** Types where a completion would come, and asks for it with Alt+\; only the latter brings one. */
async function comesWhenAsked(world: World, name: string): Promise<void> {
    const { editor } = world;
    const run = await newestRun(world);
    await editor.file(name, VALUES);
    const before = run.entries().length;
    await editor.type('total = ');
    await editor.expectSaved(name, `${VALUES}total = `);
    assert.deepEqual([await editor.ghost(), sent(run, INLINE, before).length], ['', 0]);
    await editor.keys('Alt+Backslash');
    await editor.expectGhost(TOTAL);
    assert.deepEqual(sent(run, INLINE, before).map(({ context }) => context.triggerKind), [1]);
    await editor.keys('Tab');
    await editor.expectSaved(name, `${VALUES}total = ${TOTAL}`);
}

scenario('prose is not completed until the menu turns it on', async (world) => {
    const { editor, settings } = world;
    const run = await newestRun(world);
    await editor.file('prose.md', VALUES);
    await editor.expectStatus('copilot-lsp: off here');
    const before = run.entries().length;
    await editor.type('total = ');
    await editor.keys('Alt+Backslash');
    await editor.expectSaved('prose.md', `${VALUES}total = `);
    assert.deepEqual([await editor.ghost(), sent(run, INLINE, before).length], ['', 0]);
    await editor.openMenu('Turn on for markdown');
    await editor.choose('Turn on for markdown');
    await editor.expectStatus(READY);
    await equals({ markdown: true }, () => settings.ofUser('copilotLsp.enable'));
    await editor.show('prose.md');
    await editor.keys('Alt+Backslash');
    await editor.expectGhost(TOTAL);
    await editor.keys('Escape');
    await editor.openMenu('Turn off for markdown');
    await editor.choose('Turn off for markdown');
    await editor.expectStatus('copilot-lsp: off here');
});

scenario('during a snooze only Alt+\\ brings completions', async (world) => {
    const { editor } = world;
    await editor.file('snooze.py', VALUES);
    await editor.openMenu('Snooze');
    await editor.choose('Snooze');
    await editor.choose('5 minutes');
    await editor.expectStatus('copilot-lsp: snoozed, 5 min');
    await comesWhenAsked(world, 'snoozed.py');
    await editor.openMenu('End the snooze');
    await picture(editor, 'snoozed');
    await editor.choose('End the snooze');
    await editor.expectStatus(READY);
    await works(world, 'awake.py');
});

scenario('by choice, completions come only when asked for', async (world) => {
    const { editor, settings } = world;
    await editor.file('manual.py', VALUES);
    await editor.openMenu('Complete only when asked');
    await editor.choose('Complete only when asked');
    await equals('manual', () => settings.ofUser('copilotLsp.trigger'));
    await comesWhenAsked(world, 'asked.py');
    await editor.openMenu('Complete while typing');
    await editor.choose('Complete while typing');
    await equals('automatic', () => settings.ofUser('copilotLsp.trigger'));
    await works(world, 'automatic.py');
});
