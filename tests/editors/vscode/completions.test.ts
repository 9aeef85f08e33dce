/** Ghost text: shown, taken whole or in part, cycled, typed through, dismissed; the file on disk is exact. */
import assert from 'node:assert/strict';

import { sent, untilAnswered, untilAsked, untilSent } from './harness/record.ts';
import { DISCOUNT, GREETING, TOTAL } from './harness/rules.ts';
import { equals } from './harness/wait.ts';
import { newestRun, picture, scenario } from './harness/world.ts';

const DID_SHOW = 'textDocument/didShowCompletion';
const DID_PARTIALLY_ACCEPT = 'textDocument/didPartiallyAcceptCompletion';
const EXECUTE = 'workspace/executeCommand';

scenario('Tab takes the ghost text, and the server hears of it', async (world) => {
    const { editor } = world;
    const run = await newestRun(world);
    await editor.file('accept.py', '# accept\n');
    await editor.type('def hello(name):\n');
    await editor.expectGhost(GREETING);
    await picture(editor, 'ghost');
    const shown = await untilSent(run, DID_SHOW);
    assert.equal(shown.item.insertText, GREETING);
    await editor.keys('Tab');
    await editor.expectGhost('');
    await picture(editor, 'accepted');
    const { command, arguments: [id] } = await untilSent(run, EXECUTE);
    assert.deepEqual([command, id], ['copilotLsp.didAccept', shown.item.command.arguments[0]]);
    await editor.expectSaved('accept.py', `# accept\ndef hello(name):\n    ${GREETING}`);
});

scenario('words are taken one by one, and the server hears how far', async (world) => {
    const { editor } = world;
    const run = await newestRun(world);
    await editor.file('words.py', 'price = amount = shipping = 1\n');
    await editor.type('total = ');
    await editor.expectGhost(TOTAL);
    await editor.keys('Control+ArrowRight');
    await editor.expectGhost(' * amount + shipping');
    await equals('price'.length, () => sent(run, DID_PARTIALLY_ACCEPT).at(-1)?.acceptedLength);
    await editor.keys('Control+ArrowRight', 'Control+ArrowRight');
    await editor.expectGhost('amount + shipping');
    await editor.keys('Tab');
    await editor.expectSaved('words.py', `price = amount = shipping = 1\ntotal = ${TOTAL}`);
});

scenario('Shift+Tab takes a line, and Tab the rest, indentation and all', async (world) => {
    const { editor } = world;
    const run = await newestRun(world);
    await editor.file('lines.py', '# lines\n');
    await editor.type('def hello(name):\n');
    await editor.expectGhost(GREETING);
    const before = run.entries().length;
    await editor.keys('Shift+Tab');
    await editor.expectGhost('    return greeting');
    await untilSent(run, DID_PARTIALLY_ACCEPT, before);
    await editor.keys('Tab');
    await editor.expectSaved('lines.py', `# lines\ndef hello(name):\n    ${GREETING}`);
    await editor.keys('Tab');
    await editor.expectSaved('lines.py', `# lines\ndef hello(name):\n    ${GREETING} `);
});

scenario('Alt+\\ asks again for what was dismissed', async ({ editor }) => {
    await editor.file('again.py', 'price = amount = shipping = 1\n');
    await editor.type('total = ');
    await editor.expectGhost(TOTAL);
    await editor.keys('Escape');
    await editor.expectGhost('');
    await editor.keys('Alt+Backslash');
    await editor.expectGhost(TOTAL);
    await editor.keys('Tab');
    await editor.expectSaved('again.py', `price = amount = shipping = 1\ntotal = ${TOTAL}`);
});

scenario('Alt+] shows the alternative', async ({ editor }) => {
    await editor.file('cycle.py', 'price = amount = shipping = discount = 1\n');
    await editor.type('total = ');
    await editor.expectGhost(TOTAL);
    await editor.keys('Alt+BracketRight');
    await editor.expectGhost(DISCOUNT);
    await editor.keys('Alt+BracketRight');
    await editor.expectGhost(TOTAL);
    await editor.keys('Alt+BracketLeft');
    await editor.expectGhost(DISCOUNT);
    await editor.keys('Tab');
    await editor.expectSaved('cycle.py', `price = amount = shipping = discount = 1\ntotal = ${DISCOUNT}`);
});

scenario('typing what the ghost text says keeps the rest of it', async (world) => {
    const { editor } = world;
    const run = await newestRun(world);
    await editor.file('through.py', 'price = amount = shipping = 1\n');
    const before = run.entries().length;
    await editor.type('total = ');
    await editor.expectGhost(TOTAL);
    await editor.type('price * am');
    await editor.expectGhost('ount + shipping');
    assert.deepEqual(sent(run, DID_PARTIALLY_ACCEPT, before), []);
    await editor.keys('Tab');
    await editor.expectSaved('through.py', `price = amount = shipping = 1\ntotal = ${TOTAL}`);
});

scenario('Escape takes the ghost text away and leaves the file alone', async (world) => {
    const { editor } = world;
    const run = await newestRun(world);
    await editor.file('escape.py', 'price = amount = shipping = 1\n');
    const before = run.entries().length;
    await editor.type('total = ');
    await editor.expectGhost(TOTAL);
    await editor.keys('Escape');
    await editor.expectGhost('');
    await editor.expectSaved('escape.py', 'price = amount = shipping = 1\ntotal = ');
    assert.equal(await editor.ghost(), '');
    assert.deepEqual(sent(run, EXECUTE, before), []);
});

scenario('an edit elsewhere while the answer is awaited: nothing is shown in the wrong place', async (world) => {
    const { editor } = world;
    const run = await newestRun(world);
    await editor.file('elsewhere.py', '# top\n');
    const before = run.entries().length;
    await editor.type('slow = ');
    await untilAsked(run, 'slow = '.length, before);
    const seen = await editor.ghostsDuring(async () => {
        await editor.keys('Control+Home');
        await editor.type('# new\n');
        await untilAnswered(run, 0, before);
    });
    assert.deepEqual(seen, ['']);
    await editor.expectSaved('elsewhere.py', '# new\n# top\nslow = ');
});

scenario('CRLF and characters of two UTF-16 units: the file on disk is exact', async ({ editor }) => {
    await editor.file('crab.py', 'crab = "🦀 é"\r\nprice = amount = shipping = 1\r\n');
    await editor.type('crabs = "🦀"; total = ');
    await editor.expectGhost(TOTAL);
    await editor.keys('Tab');
    await editor.keys('Enter');
    await editor.type('def hello(name):\n');
    await editor.expectGhost(GREETING);
    await editor.keys('Tab');
    const lines = ['crab = "🦀 é"', 'price = amount = shipping = 1', `crabs = "🦀"; total = ${TOTAL}`, 'def hello(name):'];
    await editor.expectSaved('crab.py', [...lines, `    ${GREETING}`].join('\n').replaceAll('\n', '\r\n'));
});
