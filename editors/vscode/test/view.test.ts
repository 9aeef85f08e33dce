import assert from 'node:assert/strict';
import { test } from 'node:test';

import { diagnostics } from '../src/diagnostics.ts';
import { entries } from '../src/menu.ts';
import type { ServerStatus } from '../src/protocol.ts';
import { latency, milliseconds, minutesLeft, phaseAfterSearch, view, whyNothing, type State } from '../src/view.ts';

const ready: ServerStatus = {
    kind: 'Normal',
    busy: false,
    message: 'ready',
    state: 'ready',
    model: 'tiny',
    safeMode: false,
    lastLatencyMs: 84.2,
    lastSilence: { uri: 'file:///a.py', reason: 'mid-word', message: 'the cursor is inside a word' },
    statistics: { offered: 9, shown: 7, accepted: 3, partiallyAccepted: 1, savedKeys: 120, latencyP50Ms: 84, latencyP95Ms: 1234 },
};

const state: State = {
    phase: 'running',
    status: ready,
    percent: undefined,
    here: { language: 'python', enabled: true, workspaceOff: false, languageOff: false, automatic: true },
    snoozeMinutes: 0,
};

const loading: ServerStatus = { ...ready, busy: true, message: 'loading', state: 'starting' };

test('ready: model, last answer and last silence are in the tooltip', () => {
    assert.deepEqual(view(state), {
        icon: 'zap',
        text: 'copilot-lsp',
        details: ['Ready', 'Model: tiny', 'Last answer: 84 ms', 'Last empty result: the cursor is inside a word'],
        severity: 'normal',
    });
});

const texts: [string, Partial<State>, string][] = [
    ['the server is not there', { phase: 'missing' }, 'copilot-lsp: server not found'],
    ['it is being installed', { phase: 'installing' }, 'copilot-lsp: installing'],
    ['it starts', { phase: 'starting', status: undefined }, 'copilot-lsp: starting'],
    ['it has stopped', { phase: 'stopped' }, 'copilot-lsp: stopped'],
    ['the model loads', { status: loading }, 'copilot-lsp: loading'],
    ['the model loads and tells how far', { status: loading, percent: 40 }, 'copilot-lsp: loading 40 %'],
    ['the engine restarts', { status: { ...loading, state: 'restarting' } }, 'copilot-lsp: restarting'],
    ['a completion is on its way', { status: { ...ready, busy: true } }, 'copilot-lsp'],
    ['the file is excluded', { status: { ...ready, kind: 'Inactive' } }, 'copilot-lsp: off here'],
    ['there is no model', { status: { ...ready, kind: 'Error' } }, 'copilot-lsp: error'],
    ['turned off', { here: { ...state.here, enabled: false } }, 'copilot-lsp: off'],
    ['snoozed', { snoozeMinutes: 12 }, 'copilot-lsp: snoozed, 12 min'],
    ['off here, snoozed or not', { snoozeMinutes: 12, here: { ...state.here, languageOff: true } }, 'copilot-lsp: off here'],
    ['turned off for the language', { here: { ...state.here, languageOff: true } }, 'copilot-lsp: off here'],
];

for (const [name, change, text] of texts) {
    test(`status bar: ${name}`, () => assert.equal(view({ ...state, ...change }).text, text));
}

test('safe mode is said', () => {
    const { details } = view({ ...state, status: { ...ready, safeMode: true } });
    assert.match(details.join('\n'), /Safe mode/);
});

test('how many windows share the engine is said', () => {
    const said = (sharedBy: number | undefined, notShared?: string) =>
        view({ ...state, status: { ...ready, sharedBy, notShared } }).details.find((line) => line.startsWith('Engine'));
    assert.equal(said(undefined), undefined);
    assert.equal(said(0), undefined);
    assert.equal(said(1), 'Engine: shared, no other window uses it now');
    assert.equal(said(2), 'Engine: shared by 2 windows');
    assert.equal(said(0, ''), undefined);
    assert.equal(said(0, 'engine.shared is off'), 'Engine: not shared: engine.shared is off');
});

test('what the index of other files holds is said', () => {
    const said = (index: ServerStatus['index']) =>
        view({ ...state, status: { ...ready, index } }).details.find((line) => line.startsWith('Other files'));
    assert.equal(said(undefined), undefined);
    assert.equal(said({ state: 'off', message: 'other files are not indexed' }), undefined);
    const held = '12 files indexed, 340 symbols, 1.2 MB';
    assert.equal(said({ state: 'ready', message: held }), `Other files: ${held}`);
    const versions = { extension: '0.1.0', editor: '1.91.0', platform: 'linux x64' };
    const reported = diagnostics(versions, { ...state, status: { ...ready, index: { state: 'ready', message: held } } }, '');
    assert.match(reported, /other files: ready: 12 files/);
});

test('milliseconds', () => {
    assert.deepEqual([0.4, 84.2, 999, 1234].map(milliseconds), ['0 ms', '84 ms', '999 ms', '1.2 s']);
});

const labels = (change: Partial<State>) =>
    entries({ ...state, ...change }, true).map(({ label }) => label.replace(/^\$\(.*?\) /, ''));

test('the menu, when all is well', () => {
    assert.deepEqual(labels({}), [
        'Turn off',
        'Turn off for python',
        'Turn off in this workspace',
        'Snooze',
        'Complete only when asked',
        'Why was nothing shown?',
        'Statistics',
        'Choose a model',
        'Measure this machine',
        'Restart',
        'Show log',
        'Copy diagnostics',
        'Settings',
    ]);
});

test('the menu offers what can be turned on again', () => {
    assert.deepEqual(labels({ here: { ...state.here, enabled: false } }).slice(0, 2), ['Turn on', 'Why was nothing shown?']);
    assert.equal(labels({ here: { ...state.here, languageOff: true } })[1], 'Turn on for python');
    assert.equal(labels({ here: { ...state.here, enabled: false, workspaceOff: true } })[0], 'Turn on in this workspace');
});

test('the menu ends what it began', () => {
    assert.ok(labels({ snoozeMinutes: 12 }).includes('End the snooze'));
    const manual = labels({ here: { ...state.here, automatic: false } });
    assert.ok(manual.includes('Complete while typing'));
    assert.ok(!manual.includes('Snooze'));
});

test('minutes of a snooze are rounded up, and end', () => {
    assert.deepEqual([0, 1, 60_000, 60_001].map((left) => minutesLeft(1000 + left, 1000)), [0, 1, 1, 2]);
    assert.equal(minutesLeft(1000, 2000), 0);
    assert.equal(minutesLeft(undefined, 2000), 0);
});

test('without a server the menu offers to install it', () => {
    assert.deepEqual(labels({ phase: 'missing' }), ['Install the server', 'Show log', 'Copy diagnostics', 'Settings']);
});

test('the menu tells the last silence', () => {
    const why = entries(state, true).find(({ label }) => label.includes('Why'));
    assert.equal(why?.description, 'The cursor is inside a word');
});

test('the menu counts what became of the completions', () => {
    const described = (status: ServerStatus) =>
        entries({ ...state, status }, true).find(({ label }) => label.includes('Statistics'))?.description;
    assert.equal(described(ready), '7 shown, 3 accepted, 1 accepted in part, 120 keys saved');
    assert.equal(described({ ...ready, statistics: undefined }), '');
});

test('latency is known after the first completion', () => {
    assert.equal(latency(ready.statistics!), 'latency: median 84 ms, 95th percentile 1.2 s');
    assert.equal(latency({ ...ready.statistics!, latencyP50Ms: null, latencyP95Ms: null }), '');
});

test('the menu offers to get a missing model', () => {
    const message = 'the model tiny is not on this machine: run `copilot-lsp models pull tiny`';
    assert.ok(labels({ status: { ...ready, kind: 'Error', message } }).includes('Get the model tiny'));
});

test('a server that waits for permission is a warning with a row in the menu', () => {
    const message = 'gpu.example is waiting for your permission; ready';
    const status: ServerStatus = { ...ready, kind: 'Warning', message, waitingHosts: ['gpu.example'] };
    const shown = view({ ...state, status });
    assert.equal(shown.severity, 'warning');
    assert.equal(shown.details[0], 'Gpu.example is waiting for your permission; ready');
    const row = entries({ ...state, status }, true).find(({ command }) => command === 'copilotLsp.askRemote');
    assert.equal(row?.label, '$(shield) Decide whether text may be sent to gpu.example');
    for (const waitingHosts of [[], undefined]) {
        const labelled = labels({ status: { ...status, waitingHosts } });
        assert.ok(!labelled.some((label) => label.startsWith('Decide')));
    }
});

test('a search during an installation does not call the server missing', () => {
    assert.equal(phaseAfterSearch(false, 1), 'installing');
    assert.equal(phaseAfterSearch(false, 0), 'missing');
    assert.equal(phaseAfterSearch(true, 1), 'starting');
});

const answered: ServerStatus = { ...ready, lastSilence: null };

const reasons: [string, Partial<State>, RegExp][] = [
    ['the last request was answered', { status: answered }, /^The last request was answered/],
    ['nothing was asked', { status: { ...answered, lastLatencyMs: null } }, /No completion has been requested yet/],
    ['the server was silent', {}, /because the cursor is inside a word/],
    ['there is no server', { phase: 'missing', status: undefined }, /no server/],
    ['the server has stopped', { phase: 'stopped', status: undefined }, /has stopped/],
    ['it is being installed', { phase: 'installing', status: undefined }, /being installed/],
    ['completions are off', { here: { ...state.here, enabled: false } }, /turned off\.$/],
    ['the user has snoozed', { snoozeMinutes: 3 }, /3 minutes left/],
    ['the user has not asked', { status: answered, here: { ...state.here, automatic: false } }, /only when asked for/],
    ['the user asked in vain', { here: { ...state.here, automatic: false } }, /because the cursor is inside a word/],
    ['the language is off', { here: { ...state.here, languageOff: true } }, /turned off for python/],
    ['the file is excluded', { status: { ...answered, kind: 'Inactive', message: 'the file is excluded' } }, /The file is excluded/],
];

for (const [name, change, text] of reasons) {
    test(`why nothing: ${name}`, () => assert.match(whyNothing({ ...state, ...change }, true), text));
}

test('why nothing: the editor shows no inline suggestions', () => {
    assert.match(whyNothing(state, false), /editor\.inlineSuggest\.enabled/);
});

test('diagnostics say versions and reasons, and name no file', () => {
    const text = diagnostics({ extension: '0.1.0', editor: '1.91.0', platform: 'linux x64' }, state, 'all is well');
    for (const part of ['VS Code: 1.91.0', 'mid-word: the cursor is inside a word', 'all is well']) assert.ok(text.includes(part));
    assert.doesNotMatch(text, /a\.py|file:/);
});
