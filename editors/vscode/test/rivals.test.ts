import assert from 'node:assert/strict';
import { test } from 'node:test';

import { rivalsIn, type Surroundings } from '../src/rivals.ts';

/** `active`: extensions. */
function around(active: string[], settings: Record<string, unknown> = {}, signedIn = false): Surroundings {
    return { isActive: (id) => active.includes(id), setting: (name) => settings[name], signedIn };
}

const names = (language: string, surroundings: Surroundings) => rivalsIn(language, surroundings).map(({ name }) => name);

test('alone: none', () => assert.deepEqual(names('python', around([])), []));

test('an extension that completes is one, whichever of its parts is active', () => {
    assert.deepEqual(names('python', around(['GitHub.copilot', 'GitHub.copilot-chat'], {}, true)), ['GitHub Copilot']);
    assert.deepEqual(names('python', around(['ggml-org.llama-vscode', 'Continue.continue'])), ['Continue', 'llama.vscode']);
});

test('what comes with VS Code counts for those who have signed in', () => {
    assert.deepEqual(names('python', around(['GitHub.copilot-chat'])), []);
    assert.deepEqual(names('python', around(['GitHub.copilot-chat'], {}, true)), ['GitHub Copilot']);
});

test('one that is turned off, altogether or for the language, is none', () => {
    const settings = { 'github.copilot.enable': { '*': true, markdown: false }, 'continue.enableTabAutocomplete': false };
    const surroundings = around(['GitHub.copilot', 'Continue.continue'], settings);
    assert.deepEqual(names('python', surroundings), ['GitHub Copilot']);
    assert.deepEqual(names('markdown', surroundings), []);
    assert.deepEqual(names('python', around(['GitHub.copilot'], { 'github.copilot.enable': { '*': false } })), []);
});
