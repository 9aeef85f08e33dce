import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';

import { Answer, finishedLines, type Item } from '../src/answer.ts';

const PATIENCE_MS = 600;

const item = (insertText: string): Item => ({ insertText });

/** An answer whose clock is turned by hand. */
function begin(t: TestContext): Answer<Item> {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    return new Answer<Item>(PATIENCE_MS);
}

const given = async (answer: Answer<Item>) => (await answer.next()).map((each) => each.insertText);

test('only finished lines count', () => {
    assert.equal(finishedLines('return x'), '');
    assert.equal(finishedLines('return x\n'), 'return x');
    assert.equal(finishedLines('if x:\r\n    return'), 'if x:');
    assert.equal(finishedLines('\n    return'), '');
    assert.equal(finishedLines(''), '');
});

test('an answer that comes in time is given whole, with its alternatives', async (t) => {
    const answer = begin(t);
    answer.grow([item('if x:\n    ret')]);
    answer.end([item('if x:\n    return 1'), item('pass')]);
    assert.deepEqual(await given(answer), ['if x:\n    return 1', 'pass']);
    assert.equal(answer.correction, undefined);
});

test('of one that takes longer the finished lines are given, and then the whole', async (t) => {
    const answer = begin(t);
    answer.grow([item('if x:\n    ret')]);
    t.mock.timers.tick(PATIENCE_MS);
    assert.deepEqual(await given(answer), ['if x:']);
    assert.equal(answer.isWhole, false);
    answer.end([item('if x:\n    return 1')]);
    assert.equal(answer.correction, 'if x:\n    return 1');
    assert.deepEqual(await given(answer), ['if x:\n    return 1']);
    assert.equal(answer.correction, undefined);
});

test('after that time the first finished line is given at once', async (t) => {
    const answer = begin(t);
    t.mock.timers.tick(PATIENCE_MS);
    answer.grow([item('if x')]);
    answer.grow([item('if x:\n')]);
    assert.deepEqual(await given(answer), ['if x:']);
});

test('lines that turn out to be all are not exchanged', async (t) => {
    const answer = begin(t);
    t.mock.timers.tick(PATIENCE_MS);
    answer.grow([item('return x\n')]);
    await answer.next();
    answer.end([item('return x')]);
    assert.equal(answer.correction, undefined);
});

test('lines that the server thinks better of are to go', async (t) => {
    const answer = begin(t);
    t.mock.timers.tick(PATIENCE_MS);
    answer.grow([item('return x\n')]);
    await answer.next();
    answer.end([]);
    assert.equal(answer.correction, '');
});

test('an answer without items ends the waiting', async (t) => {
    const answer = begin(t);
    answer.end([]);
    assert.deepEqual(await given(answer), []);
});
