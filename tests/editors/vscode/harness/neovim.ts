/** A real Neovim beside VS Code, driven by tests/editors/nvim/companion.py. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import * as path from 'node:path';
import { createInterface, type Interface } from 'node:readline';

import { environment } from './codeServer.ts';
import { equals, until } from './wait.ts';
import { environmentVariable, type World } from './world.ts';

const COMPANION = path.join(import.meta.dirname, '..', '..', 'nvim', 'companion.py');
const STATUS = "require('copilot_lsp.server').status";

const open = new Set<Neovim>();

/** Those that a test which failed has left. */
export async function closeNeovims(): Promise<void> {
    for (const each of open) await each.close();
}

export class Neovim {
    private readonly process: ChildProcess;
    private readonly answers: AsyncIterator<string>;

    private constructor(process: ChildProcess, lines: Interface) {
        this.process = process;
        this.answers = lines[Symbol.asyncIterator]();
    }

    /** On a file with `text`; `settings` is a table in Lua. With the folders of the world's VS Code. */
    static async open(world: World, settings: string, file: string, text: string): Promise<Neovim> {
        const server = environmentVariable('COPILOT_LSP_SERVER');
        const cmd = `{ '${server}', 'serve', '--log-file', 'LOG' }`;
        const setup = `require('copilot_lsp').setup({ cmd = ${cmd}, offer_model = false, settings = ${settings} })`;
        const nvim = path.join(environmentVariable('COPILOT_LSP_TEST_NVIM'), 'nvim-0.12');
        const env = environment(world.root);
        const words = [COMPANION, nvim, setup, file, text];
        const child = spawn(environmentVariable('PYTHON'), words, { env, stdio: ['pipe', 'pipe', 'inherit'] });
        const neovim = new Neovim(child, createInterface({ input: child.stdout }));
        open.add(neovim);
        await neovim.answer();
        return neovim;
    }

    /** The result of one of the companion's calls. */
    async call(name: string, ...words: readonly string[]): Promise<any> {
        this.process.stdin?.write(`${JSON.stringify([name, ...words])}\n`);
        return this.answer();
    }

    /** What its server told of itself last. */
    status(field: string): Promise<any> {
        return this.call('lua', `(${STATUS} or {}).${field}`);
    }

    /** Types at the end of the file; the ghost text that comes, taken, is on the disk. */
    async takes(typed: string, file: string, before: string): Promise<string> {
        await until('an engine', async () => (await this.status('state')) === 'ready');
        await this.call('keys', 'Escape', 'G', 'o');
        await this.call('type', typed);
        const ghost = await until('ghost text in Neovim', () => this.call('ghost'));
        await this.call('keys', 'Tab');
        await equals('', async () => ((await this.call('ghost')) === ghost ? ghost : ''));
        const saved: string = await this.call('saved', file);
        if (!saved.startsWith(before)) throw new Error(`${JSON.stringify(saved)} does not begin with ${JSON.stringify(before)}`);
        return saved.slice(before.length);
    }

    /** SIGKILL. */
    async kill(): Promise<void> {
        await this.call('kill');
        await this.ended();
    }

    /** As when its terminal is closed. */
    async close(): Promise<void> {
        this.process.stdin?.end();
        await this.ended();
    }

    private async answer(): Promise<any> {
        const { value, done } = await this.answers.next();
        if (done) throw new Error('Neovim, or what drives it, has ended: its last words are above');
        return JSON.parse(value);
    }

    private async ended(): Promise<void> {
        open.delete(this);
        if (this.process.exitCode === null) await once(this.process, 'exit');
    }
}
