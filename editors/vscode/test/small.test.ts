import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { take } from '../src/lock.ts';
import { holder, isForServer, isOn, isSet } from '../src/options.ts';
import { Cancelled, run } from '../src/process.ts';
import { modelToPull } from '../src/registry.ts';
import { nextRestart } from '../src/restarts.ts';
import { reason, step, type Step } from '../src/steps.ts';
import { enter, isInUse } from '../src/windows.ts';

test('the server does not get what is the extension\'s alone', () => {
    assert.deepEqual(['enabled', 'server.path', 'enable', 'trigger', 'engine.threads'].filter(isForServer), ['enabled', 'engine.threads']);
});

test('the server gets what is set, no default: copilot-lsp.toml would be overruled', () => {
    assert.equal(isSet({}), false);
    assert.equal(isSet(undefined), false);
    for (const where of ['globalValue', 'workspaceValue', 'workspaceFolderValue']) assert.equal(isSet({ [where]: false }), true);
});

test('a language that is not named is like the others', () => {
    const languages = { '*': true, markdown: false };
    assert.deepEqual(['python', 'markdown'].map((language) => isOn(languages, language)), [true, false]);
    assert.deepEqual(['go', 'python'].map((language) => isOn({ '*': false, python: true }, language)), [false, true]);
    assert.equal(isOn({}, 'python'), true);
});

test('prose, commit messages and plain text are off unless they are turned on', () => {
    const manifest = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8'));
    const languages = manifest.contributes.configuration.properties['copilotLsp.enable'].default;
    const off = ['markdown', 'plaintext', 'git-commit', 'scminput'].filter((language) => isOn(languages, language));
    assert.deepEqual([off, isOn(languages, 'python')], [[], true]);
});

test('the installer\'s steps: a title, and how far it is', () => {
    const lines = [
        'Installing what the server needs',
        '  done in 9 s',
        'Compiling llama.cpp for this machine (about 4 minutes on two cores; log: /x.log)',
        '  1 min 10 s [12/67]',
        '',
    ];
    const messages: string[] = [];
    lines.reduce((now: Step, line) => {
        const next = step(now, line);
        messages.push(next.message);
        return next;
    }, { title: '', message: '' });
    assert.deepEqual(messages, [
        'Installing what the server needs',
        'Installing what the server needs: done in 9 s',
        'Compiling llama.cpp for this machine',
        'Compiling llama.cpp for this machine: 1 min 10 s [12/67]',
        'Compiling llama.cpp for this machine: 1 min 10 s [12/67]',
    ]);
});

test('what went wrong is the installer\'s last line', () => {
    const output = '/python failed (1)\nerror: no such file\ninstall: no llama.cpp works on this machine (...)\n';
    assert.equal(reason(output), 'no llama.cpp works on this machine (...)');
});

test('a server is restarted at once, then later and later, then not', () => {
    let ends: readonly number[] = [];
    const delays = [0, 1, 2, 3, 4].map((now) => {
        const next = nextRestart(ends, now);
        ends = next.ends;
        return next.delay;
    });
    assert.deepEqual(delays, [0, 500, 2000, 8000, undefined]);
    assert.equal(nextRestart(ends, 10 * 60_000).delay, 0);
});

test('an environment is in use while another living window runs its server', () => {
    const environment = mkdtempSync(join(tmpdir(), 'environment-'));
    const leave = enter(environment);
    assert.equal(isInUse(environment), false);
    assert.equal(isInUse(environment, 1), true);
    leave();
    assert.equal(isInUse(environment, 1), false);
    enter(environment, 999999999);
    assert.equal(isInUse(environment), false);
});

test('a choice is written where it takes effect', () => {
    assert.equal(holder({ workspaceValue: false }), 'workspace');
    assert.equal(holder({}), 'user');
    assert.equal(holder(undefined), 'user');
});

test('the model to get is in the server\'s message', () => {
    const message = 'the model tiny-1.5b is not on this machine: run `copilot-lsp models pull tiny-1.5b`';
    assert.equal(modelToPull(message), 'tiny-1.5b');
    assert.equal(modelToPull('there is no model file /models/x.gguf'), undefined);
});

test('a lock is held once, and a dead owner\'s is taken over', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'lock-')), 'lock');
    const release = take(file);
    assert.ok(release);
    assert.equal(take(file), undefined);
    release();
    writeFileSync(file, '999999999');
    assert.ok(take(file));
});

const never = { onCancellationRequested: () => ({ dispose: () => undefined }) };

test('a program that fails is quoted', async () => {
    const failing = run(process.execPath, ['-e', 'console.log("no compiler"); process.exit(3)'], () => undefined, never);
    await assert.rejects(failing, /failed \(3\)\nno compiler/);
});

test('a cancelled program ends, with what it started', async () => {
    const lines: string[] = [];
    const soon = { onCancellationRequested: (cancel: () => void) => (setTimeout(cancel, 200), { dispose: () => undefined }) };
    const program = 'require("child_process").spawn("sleep", ["60"], { stdio: "inherit" }); setTimeout(() => {}, 60000)';
    await assert.rejects(run(process.execPath, ['-e', program], (line) => lines.push(line), soon), Cancelled);
});
