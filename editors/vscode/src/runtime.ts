/** Python for a machine that has none: python-build-standalone, as carried or as released. No import of VS Code. */
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { isFile, namesIn } from './files.ts';
import { Cancelled, run, type Cancellation } from './process.ts';

/** Of scripts/python-builds.json, by platform. */
export interface Build {
    readonly url: string;
    readonly sha256: string;
}

/** `bundled`: the folder that python-builds.json is in. `into`: a folder of ours for what is unpacked. */
export interface Runtime {
    readonly bundled: string;
    readonly into: string;
    readonly platform: string;
}

export const PLATFORM = `${process.platform}-${process.arch}`;

/**
 * The interpreter, unpacked when it is not there yet; undefined where there is none for the platform. `say` gets a line
 * before a download. Raises Cancelled, or an Error whose text is for the user.
 */
export async function provide(where: Runtime, say: (line: string) => void, cancel: Cancellation): Promise<string | undefined> {
    const build = builds(where.bundled)[where.platform];
    if (!build) return undefined;
    const folder = path.join(where.into, `python-${build.sha256.slice(0, 12)}`);
    const interpreter = path.join(folder, 'python', where.platform.startsWith('win32') ? 'python.exe' : 'bin/python3');
    if (isFile(interpreter)) return interpreter;
    fs.mkdirSync(where.into, { recursive: true });
    const work = fs.mkdtempSync(path.join(where.into, '.python-'));
    try {
        const archive = carried(where.bundled) ?? (await download(build, path.join(work, 'archive.tar.gz'), say, cancel));
        await run('tar', ['-xzf', archive, '-C', work], say, cancel);
        fs.rmSync(folder, { recursive: true, force: true });
        fs.mkdirSync(folder);
        fs.renameSync(path.join(work, 'python'), path.join(folder, 'python'));
        return interpreter;
    } finally {
        fs.rmSync(work, { recursive: true, force: true });
    }
}

/** Of what was unpacked into `into`, all that none of the virtual `environments` was made with. */
export function removeUnused(into: string, environments: readonly string[]): void {
    const files = environments.map((folder) => path.join(folder, 'pyvenv.cfg')).filter(isFile);
    const made = files.map((file) => fs.readFileSync(file, 'utf8'));
    const unpacked = namesIn(into).filter((name) => name.startsWith('python-'));
    const unused = unpacked.filter((name) => !made.some((text) => text.includes(name)));
    for (const name of unused) fs.rmSync(path.join(into, name), { recursive: true, force: true });
}

function builds(bundled: string): Record<string, Build> {
    const file = path.join(bundled, 'python-builds.json');
    return isFile(file) ? JSON.parse(fs.readFileSync(file, 'utf8')).builds : {};
}

function carried(bundled: string): string | undefined {
    const folder = path.join(bundled, 'python');
    const [name] = namesIn(folder);
    return name && path.join(folder, name);
}

async function download({ url, sha256 }: Build, file: string, say: (line: string) => void, cancel: Cancellation): Promise<string> {
    say('Downloading Python');
    const abort = new AbortController();
    const listener = cancel.onCancellationRequested(() => abort.abort());
    try {
        const response = await fetch(url, { signal: abort.signal });
        if (!response.ok || !response.body) throw new Error(`${response.status} ${response.statusText}`);
        await pipeline(Readable.fromWeb(response.body as any), fs.createWriteStream(file));
    } catch (error) {
        if (abort.signal.aborted) throw new Cancelled();
        throw new Error(`${url} cannot be had: ${cause(error)}`);
    } finally {
        listener.dispose();
    }
    const found = createHash('sha256').update(fs.readFileSync(file)).digest('hex');
    if (found !== sha256) throw new Error(`${url} is not the file that was released: its SHA-256 is ${found}`);
    return file;
}

function cause(error: unknown): string {
    const { message, cause } = error as Error;
    return cause instanceof Error ? cause.message : message;
}
