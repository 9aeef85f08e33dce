import assert from 'node:assert/strict';
import { test } from 'node:test';

import { after, commonPrefix, type Change, type Offer } from '../src/offer.ts';

const offer: Offer = { text: 'def hello(name):\n    return name', present: 4 };

/** The kind of change, and how much of the offer is there afterwards. */
function seen(change: Change): [string, number] | string {
    return change.kind === 'gone' ? change.kind : [change.kind, change.offer.present];
}

test('a typed character is no acceptance', () => {
    assert.deepEqual(seen(after(offer, 'def h')), ['typed', 5]);
});

test('a word more is an acceptance, counted from the start of the text', () => {
    assert.deepEqual(seen(after(offer, 'def hello')), ['partly-accepted', 9]);
});

test('a line more is an acceptance', () => {
    assert.deepEqual(seen(after(offer, 'def hello(name):\n')), ['partly-accepted', 17]);
});

test('what the editor adds to a keystroke is typing', () => {
    assert.deepEqual(seen(after({ text: 'f()[0]', present: 1 }, 'f()')), ['typed', 3]);
    assert.deepEqual(seen(after({ ...offer, present: 16 }, 'def hello(name):\n    ')), ['typed', 21]);
    assert.deepEqual(seen(after({ text: 'x = "🦀" + y', present: 5 }, 'x = "🦀')), ['typed', 7]);
});

test('other text, an edit elsewhere and the whole offer end it', () => {
    assert.equal(seen(after(offer, 'def goodbye')), 'gone');
    assert.equal(seen(after(offer, 'def ')), 'gone');
    assert.equal(seen(after(offer, 'import os\ndef hello')), 'gone');
    assert.equal(seen(after(offer, offer.text)), 'gone');
});

test('the common prefix', () => {
    assert.equal(commonPrefix('abc', 'abd'), 2);
    assert.equal(commonPrefix('abc', 'abcd'), 3);
    assert.equal(commonPrefix('', 'a'), 0);
});
