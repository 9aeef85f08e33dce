import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { t } from '../src/words.ts';

const ROOT = join(import.meta.dirname, '..');
const read = (...names: string[]) => readFileSync(join(ROOT, ...names), 'utf8');
const json = (...names: string[]) => JSON.parse(read(...names)) as Record<string, string>;

/** The literals that `t` is called with. */
function texts(): string[] {
    const sources = readdirSync(join(ROOT, 'src')).map((name) => read('src', name));
    const calls = sources.flatMap((source) => [...source.matchAll(/\bt\(\s*('(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")/g)]);
    return [...new Set(calls.map(([, literal]) => literal!.slice(1, -1).replace(/\\(.)/g, '$1')))].sort();
}

const values = (text: string) => [...text.matchAll(/\{\d+\}|%\w+%/g)].map(String).sort();

for (const language of ['de', 'ja']) {
    test(`${language}: every text of the sources, and no other`, () => {
        assert.deepEqual(Object.keys(json('l10n', `bundle.l10n.${language}.json`)).sort(), texts());
    });

    test(`${language}: a translation has the values of its text`, () => {
        for (const [text, translation] of Object.entries(json('l10n', `bundle.l10n.${language}.json`))) {
            assert.deepEqual(values(translation), values(text), text);
        }
    });

    test(`${language}: every text of the manifest, and no other`, () => {
        assert.deepEqual(Object.keys(json(`package.nls.${language}.json`)), Object.keys(json('package.nls.json')));
    });
}

test('the manifest names the texts that are there', () => {
    const named = [...read('package.json').matchAll(/"%([^%"]+)%"/g)].map(([, key]) => key!);
    assert.deepEqual([...new Set(named)].sort(), Object.keys(json('package.nls.json')).sort());
});

test('links and settings are the same in every language', () => {
    const parts = (text: string) => [...text.matchAll(/\(command:[^)]*\)|`[^`]*`/g)].map(String).sort();
    const english = json('package.nls.json');
    for (const language of ['de', 'ja']) {
        for (const [key, translation] of Object.entries(json(`package.nls.${language}.json`))) {
            assert.deepEqual(parts(translation), parts(english[key]!), `${language}: ${key}`);
        }
    }
});

test('without translations a text is the English one, with its values', () => {
    assert.equal(t('{1} of {0}', 'two', 1), '1 of two');
});
