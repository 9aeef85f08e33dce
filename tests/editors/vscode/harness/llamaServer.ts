/** A real llama-server with the default model. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';

import { environment } from './codeServer.ts';
import { until } from './wait.ts';
import { environmentVariable, type World } from './world.ts';

const START_MS = 180_000;

export class LlamaServer {
    private readonly process: ChildProcess;
    private readonly url: string;

    private constructor(process: ChildProcess, url: string) {
        this.process = process;
        this.url = url;
    }

    static async start(world: World, port: number): Promise<LlamaServer> {
        const env = environment(world.root);
        const finder = environmentVariable('COPILOT_LSP_SERVER');
        const model = execFileSync(finder, ['models', 'path'], { env, encoding: 'utf8' }).trim();
        const words = ['--model', model, '--port', `${port}`, '--ctx-size', '8192', '--parallel', '2', '--offline', '--metrics', '--threads', '1'];
        const child = spawn(environmentVariable('COPILOT_LSP_TEST_LLAMA_SERVER'), words, { env, stdio: 'ignore' });
        const server = new LlamaServer(child, `http://127.0.0.1:${port}`);
        await until('llama-server', () => fetch(`${server.url}/health`).then(({ ok }) => ok, () => false), START_MS);
        return server;
    }

    /** How many tokens it has written so far. */
    async written(): Promise<number> {
        const metrics = await (await fetch(`${this.url}/metrics`)).text();
        return Number(/^llamacpp:tokens_predicted_total (\d+)/m.exec(metrics)?.[1]);
    }

    kill(): void {
        this.process.kill('SIGKILL');
    }
}
