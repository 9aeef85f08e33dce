/** Answers that grow: the first lines at once, the rest when it is there, nothing that flickers or comes back. */
import assert from 'node:assert/strict';

import type { Editor } from './harness/editor.ts';
import { sent } from './harness/record.ts';
import { STEPS } from './harness/rules.ts';
import { pause } from './harness/wait.ts';
import { newestRun, scenario } from './harness/world.ts';

const LINES = STEPS.split('\n');

/** Every different ghost text from now on, by frames of the browser, for `ms`. */
async function watch(editor: Editor, ms: number): Promise<string[]> {
    return editor.page.evaluate(async (duration) => {
        const seen: string[] = [];
        const text = (selector: string) => [...document.querySelectorAll(selector)].map((each) => each.textContent ?? '');
        for (const end = performance.now() + duration; performance.now() < end; ) {
            await new Promise(requestAnimationFrame);
            const first = text('.editor-instance .view-lines .view-line [class*="ghost-text"]').join('');
            const all = [first, ...text('.editor-instance .suggest-preview-text .view-line')].join('\n').replace(/\u00a0/g, ' ');
            if (all !== seen.at(-1)) seen.push(all);
        }
        return seen;
    }, ms);
}

scenario('a long answer grows line by line, and never flickers', async (world) => {
    const { editor } = world;
    const run = await newestRun(world);
    await editor.file('steps.py', '# steps\n');
    const before = run.entries().length;
    await editor.type('def steps():\n');
    const seen = (await watch(editor, 6000)).filter((text, index) => text !== '' || index > 0);
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
    await editor.type('def steps():\n');
    await editor.expectGhost(LINES[0] ?? '');
    await editor.keys('Escape');
    await pause(100);
    assert.deepEqual(await watch(editor, 2500), ['']);
    assert.equal(sent(run, '$/cancelRequest', before).length > 0, true);
    await editor.expectSaved('stopped.py', '# stopped\ndef steps():\n    ');
});

scenario('typing on while it grows: what is taken is what was seen', async ({ editor }) => {
    await editor.file('growing.py', '# growing\n');
    await editor.type('def steps():\n');
    await editor.expectGhost(LINES[0] ?? '');
    await editor.type('first = ');
    await pause(3500);
    const seen = await editor.ghost();
    assert.ok(STEPS.slice('first = '.length).startsWith(seen) && seen.startsWith('read()'), seen);
    await editor.keys('Tab');
    await editor.expectSaved('growing.py', `# growing\ndef steps():\n    first = ${seen}`);
});
