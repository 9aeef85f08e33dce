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

/** What the server told of itself last. */
export function status(run: Run): any {
    return run.entries().filter(({ message }) => message.method === 'didChangeStatus').at(-1)?.message.params;
}

/** The server is initialized and has said that its engine is ready. */
export function isReady(run: Run): boolean {
    return status(run)?.state === 'ready';
}

/** Messages of the client since `from` (an index of `entries()`), newest last. */
export function sent(run: Run, method: string, from = 0): any[] {
    const entries = run.entries().slice(from);
    return entries.filter((each) => each.from === 'client' && each.message.method === method).map((each) => each.message.params);
}

/** The server has this command. */
export function offers(run: Run, command: string): boolean {
    const [initialized] = run.entries().filter(({ from, message }) => from === 'server' && message.result?.capabilities);
    return initialized?.message.result.capabilities.executeCommandProvider.commands.includes(command) ?? false;
}

/** The newest result of a command of the server's; undefined while there is none. */
export function answered(run: Run, method: string, command: string): any {
    const entries = run.entries();
    const asked = entries.filter(({ message }) => message.method === method && message.params.command === command);
    const isAnswer = (each: Entry) => each.from === 'server' && each.message.id === asked.at(-1)?.message.id;
    return asked.length > 0 ? entries.find(isAnswer)?.message.result : undefined;
}

export async function untilSent(run: Run, method: string, from = 0): Promise<any> {
    return until(`${method} to the server`, () => sent(run, method, from).at(-1));
}

const INLINE = 'textDocument/inlineCompletion';

/** An editor asks again with every key: `character` is where the cursor is after the last one. */
export async function untilAsked(run: Run, character: number, from = 0): Promise<void> {
    const asked = () => sent(run, INLINE, from).at(-1)?.position.character === character;
    await until(`a request at character ${character}`, asked);
}

/** Waits until what was asked since `from`, at `character` last, is answered; the texts of the last answer. */
export async function untilAnswered(run: Run, character: number, from = 0): Promise<string[]> {
    await untilAsked(run, character, from);
    return until('the answers', () => lastAnswer(run.entries().slice(from)));
}

/** No request for a completion is open. */
export function isAnswered(run: Run): boolean {
    return lastAnswer(run.entries()) !== undefined;
}

/** Undefined while a request is open. One that was cancelled is answered with nothing. */
function lastAnswer(entries: readonly Entry[]): string[] | undefined {
    const asked = entries.filter((each) => each.from === 'client' && each.message.method === INLINE);
    const answers = entries.filter((each) => each.from === 'server' && each.message.method === undefined);
    const byId = new Map(answers.map(({ message }) => [message.id, message.result?.items ?? []]));
    const answered = asked.every(({ message }) => byId.has(message.id));
    return answered ? byId.get(asked.at(-1)?.message.id)?.map((item: any) => item.insertText) : undefined;
}
