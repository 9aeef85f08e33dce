/** What the editor and the server said to each other, as recorder.py wrote it down. */
import * as fs from 'node:fs';
import * as path from 'node:path';

import { until } from './wait.ts';

export interface Entry {
    readonly at: number;
    readonly from: 'client' | 'server';
    readonly message: { readonly id?: number | string; readonly method?: string; readonly params?: any; readonly result?: any };
}

/** One run of the server; `pid` is the server's own. */
export interface Run {
    readonly pid: number;
    entries(): Entry[];
}

/** The runs so far, oldest first. */
export function runs(folder: string): Run[] {
    return fs
        .readdirSync(folder)
        .map((name) => path.join(folder, name))
        .sort((a, b) => fs.statSync(a).birthtimeMs - fs.statSync(b).birthtimeMs)
        .map((file) => ({ pid: Number(path.basename(file, '.jsonl')), entries: () => read(file) }));
}

function read(file: string): Entry[] {
    const whole = fs.readFileSync(file, 'utf8').split('\n').slice(0, -1);
    return whole.map((line) => JSON.parse(line) as Entry);
}

/** The server is initialized and has said that its engine is ready. */
export function isReady(run: Run): boolean {
    const statuses = run.entries().filter(({ message }) => message.method === 'didChangeStatus');
    return statuses.at(-1)?.message.params.state === 'ready';
}

/** Messages of the client since `from` (an index of `entries()`), newest last. */
export function sent(run: Run, method: string, from = 0): any[] {
    const entries = run.entries().slice(from);
    return entries.filter((each) => each.from === 'client' && each.message.method === method).map((each) => each.message.params);
}

export async function untilSent(run: Run, method: string, from = 0): Promise<any> {
    return until(`${method} to the server`, () => sent(run, method, from).at(-1));
}
