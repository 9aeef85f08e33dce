import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { buildKey, compileEnvironment, compilerMissing } from '../src/compile.ts';
import { take } from '../src/lock.ts';
import { holder, isForServer, isOn, isSet } from '../src/options.ts';
import { step } from '../src/pip.ts';
import { Cancelled, run } from '../src/process.ts';
import { modelItems, modelToPull, type Model } from '../src/registry.ts';
import { nextRestart } from '../src/restarts.ts';
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

test('pip\'s long steps in words', () => {
    assert.equal(step('  Building wheel for llama-cpp-python (pyproject.toml): still running...'), 'compiling llama.cpp');
    assert.equal(step('Collecting tree-sitter-python>=0.25.0 (from copilot-lsp==0.1.0)'), 'getting tree-sitter-python');
    assert.equal(step('  Downloading numpy-2.1.0-cp311-cp311-manylinux_2_17_x86_64.whl (16 MB)'), 'getting numpy');
    assert.equal(step('Installing collected packages: pygls, copilot-lsp'), 'putting it together');
    assert.equal(step('  [12/67] Building CXX object vendor/llama.cpp/x.o'), 'compiling llama.cpp (12 of 67)');
    assert.equal(step('  Preparing metadata (pyproject.toml): started'), undefined);
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

const model: Model = { name: 'tiny', description: 'Small', licence: 'MIT', size: 98_000_000, present: false, default: true };

test('models: the chosen one is marked, a missing one said', () => {
    const [item] = modelItems([model], 'default');
    assert.equal(item?.label, '$(check) tiny');
    assert.equal(item?.description, '98 MB, not on this machine yet');
    assert.equal(modelItems([model], 'other')[0]?.label, '$(package) tiny');
});

test('llama.cpp is compiled with the build files that the extension carries, and the user\'s flags last', () => {
    const { CMAKE_ARGS } = compileEnvironment("/it's here", '-DGGML_CUDA=on');
    const include = "'-DCMAKE_PROJECT_llama.cpp_INCLUDE=/it'\\''s here/fastbuild.cmake'";
    assert.equal(CMAKE_ARGS, `-DLLAVA_BUILD=OFF ${include} -DGGML_CUDA=on`);
    assert.equal(compileEnvironment('/x', undefined)['CMAKE_ARGS']?.endsWith("fastbuild.cmake'"), true);
});

test('what was compiled is used again until something that went into it changes', () => {
    const parts = ['llama_cpp_python==1.0', 'recipe', 'this CPU'];
    assert.equal(buildKey(parts), buildKey([...parts]));
    for (const index of parts.keys()) assert.notEqual(buildKey(parts.with(index, 'other')), buildKey(parts));
});

const nothing = () => Promise.reject(new Error('not there'));

test('a missing compiler is told before anything is downloaded', async () => {
    const environment = { PATH: '/bin:/usr/bin' };
    assert.equal(await compilerMissing(environment, 'linux', (file) => file === '/usr/bin/g++', nothing), undefined);
    assert.match((await compilerMissing(environment, 'linux', () => false, nothing)) ?? '', /apt install build-essential/);
});

test('on macOS a c++ in PATH is no compiler until the command line tools are there', async () => {
    const missing = await compilerMissing({ PATH: '/usr/bin' }, 'darwin', () => true, nothing);
    assert.match(missing ?? '', /xcode-select --install/);
    const tools = () => Promise.resolve('/Library/Developer/CommandLineTools\n');
    assert.equal(await compilerMissing({ PATH: '/usr/bin' }, 'darwin', () => true, tools), undefined);
});

test('on Windows Visual C++ is asked for where it registers', async () => {
    const found = (text: string) => compilerMissing({ Path: '' }, 'win32', () => false, () => Promise.resolve(text));
    assert.equal(await found('C:\\BuildTools\r\n'), undefined);
    assert.match((await found('')) ?? '', /Build Tools/);
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
