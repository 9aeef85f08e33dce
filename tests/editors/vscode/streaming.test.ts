/** Answers that grow: the first lines at once, the rest when it is there, nothing that flickers or comes back. */
import assert from 'node:assert/strict';

import { settled } from './harness/journey.ts';
import { sent, untilAnswered } from './harness/record.ts';
import { STEPS } from './harness/rules.ts';
import { newestRun, scenario } from './harness/world.ts';

const LINES = STEPS.split('\n');

scenario('a long answer grows line by line, and never flickers', async (world) => {
    const { editor } = world;
    const run = await newestRun(world);
    await editor.file('steps.py', '# steps\n');
    const before = run.entries().length;
    const [nothing, ...seen] = await editor.ghostsDuring(async () => {
        await editor.type('def steps():\n');
        await editor.expectGhost(STEPS);
    });
    assert.equal(nothing, '');
    const wanted = LINES.map((_, index) => LINES.slice(0, index + 1).join('\n'));
    assert.deepEqual(seen.filter((text) => !wanted.includes(text)), [], 'only whole lines are shown');
    assert.ok(seen.length > 1 && seen.length < STEPS.length, `it was shown while it grew: ${JSON.stringify(seen)}`);
    assert.deepEqual(seen, [...seen].sort((a, b) => a.length - b.length), 'it only ever grew');
    assert.equal(seen.at(-1), STEPS);
    assert.equal(sent(run, 'textDocument/didShowCompletion', before).length, 1);
    await editor.keys('Tab');
    await editor.expectSaved('steps.py', `# steps\ndef steps():\n    ${STEPS}`);
});

scenario('Escape ends what is still coming', async (world) => {
    const { editor } = world;
    const run = await newestRun(world);
    await editor.file('stopped.py', '# stopped\n');
    const before = run.entries().length;
    await editor.type('def slowly():\n');
    await editor.expectGhost(LINES[0] ?? '');
    await editor.keys('Escape');
    await editor.expectGhost('');
    const seen = await editor.ghostsDuring(() => untilAnswered(run, 4, before));
    assert.deepEqual(seen, ['']);
    assert.equal(sent(run, '$/cancelRequest', before).length > 0, true);
    await editor.expectSaved('stopped.py', '# stopped\ndef slowly():\n    ');
});

scenario('typing on while it grows: what is taken is what was seen', async (world) => {
    const { editor } = world;
    const run = await newestRun(world);
    await editor.file('growing.py', '# growing\n');
    await editor.type('def steps():\n');
    await editor.expectGhost(LINES[0] ?? '');
    await editor.type('first = ');
    const seen = await settled(editor, run);
    assert.ok(STEPS.slice('first = '.length).startsWith(seen) && seen.startsWith('read()'), seen);
    await editor.keys('Tab');
    await editor.expectSaved('growing.py', `# growing\ndef steps():\n    first = ${seen}`);
});
