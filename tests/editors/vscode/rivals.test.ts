/** Beside another extension that completes: nothing of its text is counted or cycled, and the user is told once. */
import assert from 'node:assert/strict';

import { VALUES, works } from './harness/journey.ts';
import { isAnswered, sent } from './harness/record.ts';
import { STEPS, TOTAL } from './harness/rules.ts';
import { equals, until } from './harness/wait.ts';
import { environmentVariable, newestRun, picture, place, scenario, type World } from './harness/world.ts';

const THEIRS = 'theirs';
const INLINE = 'textDocument/inlineCompletion';

const together = place({
    extensions: [environmentVariable('COPILOT_LSP_STUB_RIVAL')],
    env: () => ({}),
    settings: ({ program }) => ({ user: {}, machine: { 'copilotLsp.server.path': program } }),
});

/** If the other extension started after the only answer so far, the user is told at the next key. */
async function untilTold(editor: World['editor']): Promise<void> {
    const told = 'Continue also completes here';
    await editor.untilNotified(told, 10_000).catch(async () => {
        await editor.type('x');
        await editor.untilNotified(told);
    });
}

scenario('two extensions complete: told once, nothing cycled or counted; one click leaves ours', async (world) => {
    const { editor, settings } = world;
    const run = await newestRun(world);
    await editor.file('two.py', '# two\n');
    const before = run.entries().length;
    const seen = await editor.ghostsDuring(async () => {
        await editor.type('def steps():\n');
        await until('an answer', () => isAnswered(run) && sent(run, INLINE, before).at(-1)?.position.line === 2);
    });
    await untilTold(editor);
    assert.ok(seen.every((text) => ['', THEIRS, STEPS].includes(text)), JSON.stringify(seen));
    await picture(editor, 'rival');
    assert.deepEqual(new Set(sent(run, INLINE, before).map(({ context }) => context.triggerKind)), new Set([2]));
    assert.deepEqual(sent(run, 'textDocument/didShowCompletion', before), []);
    await editor.press('Turn Off Continue');
    await equals(false, () => settings.ofUser('continue.enableTabAutocomplete'));
    await editor.show('two.py');
    await editor.keys('Control+s');
    await works(world, 'ours-alone.py');
    await editor.file('counted.py', VALUES);
    const alone = run.entries().length;
    await editor.type('total = ');
    await editor.expectGhost(TOTAL);
    await until('a report', () => sent(run, 'textDocument/didShowCompletion', alone).length > 0);
    await editor.keys('Tab', 'Control+s');
    assert.deepEqual(await editor.notifications(), []);
}, together);
