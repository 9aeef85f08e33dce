import assert from 'node:assert/strict';
import { test } from 'node:test';

import { isCopyOffered, isRemovable, modelToOffer, NEVER, offerText, rows, size, type Listing, type Model } from '../src/catalogue.ts';

const shipped: Model = {
    name: 'tiny',
    bytes: 88_000_000,
    licence: 'MIT',
    present: true,
    active: true,
    fits: true,
    memoryBytes: 200_000_000,
    contextTokens: 2048,
    recommended: false,
    source: 'shipped',
};

const better: Model = {
    ...shipped,
    name: 'better',
    bytes: 1_117_000_000,
    licence: 'Apache-2.0',
    present: false,
    active: false,
    memoryBytes: 1_400_000_000,
    quality: '61 % of lines right (n = 200)',
    recommended: true,
    expectedMs: 420,
    expectedIsEstimate: true,
    source: 'registry',
};

const large: Model = { ...better, name: 'large', recommended: false, fits: false, notice: 'no commercial use' };

const listing: Listing = { ok: true, models: [shipped, better, large], recommendation: { name: 'better', why: 'fast' } };

test('models stand under what they mean for this machine', () => {
    assert.deepEqual(rows(listing).map(({ group }) => group), [
        'On this machine',
        'Recommended for this machine',
        'Too large for this machine',
    ]);
});

test('the one in use, sizes and licences are seen', () => {
    const [first, second] = rows(listing);
    assert.deepEqual([first?.label, first?.description], ['$(check) tiny', '88 MB, MIT, in use']);
    assert.deepEqual([second?.label, second?.description], ['$(cloud-download) better', '1.1 GB, Apache-2.0']);
});

test('the notice of the licence, speed, memory and quality are the detail', () => {
    const details = rows(listing).map(({ detail }) => detail);
    assert.deepEqual(details, [
        '200 MB of memory',
        'about 420 ms a completion (estimated); 1.4 GB of memory; 61 % of lines right (n = 200)',
        'no commercial use; about 420 ms a completion (estimated); needs 1.4 GB of memory; 61 % of lines right (n = 200)',
    ]);
});

test('what is unknown of a model is left out', () => {
    const bare: Model = { ...better, quality: null, expectedMs: null, memoryBytes: 0, notice: null };
    assert.equal(rows({ ok: true, models: [bare] })[0]?.detail, '');
});

test('a model in use, one that came along and one that is not here cannot be removed', () => {
    const pulled: Model = { ...better, present: true };
    const removable = [shipped, { ...shipped, active: false }, better, { ...pulled, active: true }, pulled].map(isRemovable);
    assert.deepEqual(removable, [false, false, false, false, true]);
});

test('the recommended model is offered once to who works with the one that came along', () => {
    assert.equal(modelToOffer(listing, 'tiny', undefined)?.name, 'better');
    assert.equal(modelToOffer(listing, 'tiny', 'better'), undefined);
    assert.equal(modelToOffer(listing, 'tiny', 'an older recommendation')?.name, 'better');
    assert.equal(modelToOffer(listing, 'tiny', NEVER), undefined);
});

test('nothing is offered while another engine is at work than the model in the list', () => {
    assert.equal(modelToOffer(listing, 'fake', undefined), undefined);
});

test('what a cancelled download left is said', () => {
    const part: Model = { ...better, partBytes: 120_000_000 };
    assert.equal(rows({ ok: true, models: [part] })[0]?.description, '1.1 GB, 120 MB of it here, Apache-2.0');
    assert.equal(rows({ ok: true, models: [{ ...part, bytes: 0 }] })[0]?.description, '120 MB of it here, Apache-2.0');
});

test('nothing is offered to who has chosen, nor without a recommendation', () => {
    const chosen = { ...listing, models: [{ ...shipped, active: false }, { ...large, present: true, active: true }, better] };
    assert.equal(modelToOffer(chosen, 'large', undefined), undefined);
    assert.equal(modelToOffer({ ok: true, models: listing.models }, 'tiny', undefined), undefined);
    assert.equal(modelToOffer({ ...listing, recommendation: { name: 'tiny', why: '' } }, 'tiny', undefined), undefined);
    assert.equal(modelToOffer({ ...listing, recommendation: { name: 'large', why: '' } }, 'tiny', undefined), undefined);
});

test('the offer names size, licence, speed and that nothing was downloaded', () => {
    const text = offerText(better);
    for (const part of ['better', '1.1 GB', 'Apache-2.0', 'about 420 ms', 'Nothing is downloaded until you choose to']) assert.ok(text.includes(part), text);
    assert.match(offerText({ ...better, present: true }), /on this machine already/);
});

test('sizes', () => {
    assert.deepEqual([88_400_000, 999_000_000, 1_117_000_000].map(size), ['88 MB', '999 MB', '1.1 GB']);
});

test('a copy of a model is offered once, and only where one can be made', () => {
    const models = [shipped, { ...better, present: true, trimmable: true }];
    assert.ok(isCopyOffered({ ok: true, models }, 'better', ['another']));
    assert.ok(!isCopyOffered({ ok: true, models }, 'better', ['another', 'better']));
    assert.ok(!isCopyOffered({ ok: true, models }, 'better', [NEVER]));
    assert.ok(!isCopyOffered({ ok: true, models }, 'tiny', []), 'older servers do not say that one can be made');
    assert.ok(!isCopyOffered(listing, 'none', []));
});
