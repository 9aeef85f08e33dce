import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { Cancelled, type Cancellation } from '../src/process.ts';
import { provide, removeUnused, type Runtime } from '../src/runtime.ts';

const NEVER = { onCancellationRequested: () => ({ dispose: () => undefined }) };
const NOW = { onCancellationRequested: (listener: () => void) => (listener(), { dispose: () => undefined }) };

interface Release extends Runtime {
    readonly archive: string;
    asked(): number;
    stop(): void;
}

/** An archive on a server of this machine, and pins that name it. */
async function release(sha256?: string): Promise<Release> {
    const root = fs.mkdtempSync(join(tmpdir(), 'copilot-lsp-runtime-'));
    const [bundled, archive] = [join(root, 'bundled'), join(root, 'python.tar.gz')];
    for (const folder of [join(root, 'python', 'bin'), bundled]) fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(join(root, 'python', 'bin', 'python3'), '#!/bin/sh\necho here\n', { mode: 0o755 });
    execFileSync('tar', ['-czf', archive, '-C', root, 'python']);
    let asked = 0;
    const server = createServer((_, response) => (asked++, response.end(fs.readFileSync(archive)))).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/python.tar.gz`;
    const pin = { url, sha256: sha256 ?? createHash('sha256').update(fs.readFileSync(archive)).digest('hex') };
    fs.writeFileSync(join(bundled, 'python-builds.json'), JSON.stringify({ builds: { 'linux-x64': pin } }));
    const stop = () => (server.close(), server.closeAllConnections());
    return { bundled, into: join(root, 'into'), platform: 'linux-x64', archive, asked: () => asked, stop };
}

const get = (where: Runtime, cancel: Cancellation = NEVER) => provide(where, () => undefined, cancel);

test('a Python is downloaded once, checked and unpacked', async () => {
    const where = await release();
    const first = await get(where);
    assert.equal(execFileSync(first!, { encoding: 'utf8' }), 'here\n');
    assert.equal(await get(where), first);
    assert.equal(where.asked(), 1);
    where.stop();
});

test('another file than the pinned one is refused, and nothing is left of it', async () => {
    const where = await release('0'.repeat(64));
    await assert.rejects(get(where), /is not the file that was released/);
    assert.deepEqual(fs.readdirSync(where.into), []);
    where.stop();
});

test('a Python that the extension carries needs no network', async () => {
    const where = await release();
    where.stop();
    fs.mkdirSync(join(where.bundled, 'python'));
    fs.copyFileSync(where.archive, join(where.bundled, 'python', 'python.tar.gz'));
    assert.equal(execFileSync((await get(where))!, { encoding: 'utf8' }), 'here\n');
    assert.equal(where.asked(), 0);
});

test('a server that is away is one line', async () => {
    const where = await release();
    where.stop();
    await assert.rejects(get(where), /^Error: http:\S+ cannot be had: [^\n]+$/);
});

test('a download that is cancelled ends', async () => {
    const where = await release();
    await assert.rejects(get(where, NOW), Cancelled);
    assert.deepEqual(fs.readdirSync(where.into), []);
    where.stop();
});

test('there is none for a platform that is not named', async () => {
    const where = await release();
    assert.equal(await get({ ...where, platform: 'sunos-x64' }), undefined);
    where.stop();
});

test('a Python that no environment was made with is removed', () => {
    const root = fs.mkdtempSync(join(tmpdir(), 'copilot-lsp-runtime-'));
    for (const name of ['python-1', 'python-2', 'environment', 'empty']) fs.mkdirSync(join(root, name));
    fs.writeFileSync(join(root, 'environment', 'pyvenv.cfg'), `home = ${join(root, 'python-2', 'python', 'bin')}\n`);
    removeUnused(root, [join(root, 'environment'), join(root, 'empty')]);
    assert.deepEqual(fs.readdirSync(root).sort(), ['empty', 'environment', 'python-2']);
});
