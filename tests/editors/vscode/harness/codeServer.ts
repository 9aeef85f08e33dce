/** A code-server (VS Code in the browser) with folders of its own; nothing of the user's is read or written. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import * as fs from 'node:fs';
import * as net from 'node:net';
import * as path from 'node:path';

import { until } from './wait.ts';

export interface CodeServer {
    readonly url: string;
    stop(): void;
    /** All at once, the servers of its windows too, as when the machine takes memory back. */
    kill(): void;
}

const START_MS = 180_000;

/** `root`: a fresh folder; it gets user-data, extensions and the logs. `extensions`: the .vsix files to install. */
export async function startCodeServer(
    root: string,
    extensions: readonly string[],
    additions: NodeJS.ProcessEnv,
): Promise<CodeServer> {
    const port = await freePort();
    const config = path.join(root, 'config.yaml');
    fs.writeFileSync(config, `bind-addr: 127.0.0.1:${port}\nauth: none\ncert: false\n`);
    const folders = ['--user-data-dir', userData(root), '--extensions-dir', path.join(root, 'extensions')];
    const common = [program(), '--config', config, ...folders];
    const env = { ...environment(root), ...additions };
    for (const extension of extensions) {
        const done = spawnSync(process.execPath, [...common, '--install-extension', extension], { env, encoding: 'utf8' });
        if (done.status !== 0) throw new Error(`${extension} cannot be installed: ${done.stdout}${done.stderr}`);
    }
    const log = fs.openSync(path.join(root, 'code-server.log'), 'a');
    const quiet = ['--disable-telemetry', '--disable-update-check', '--disable-getting-started-override'];
    const server = spawn(process.execPath, [...common, ...quiet], { env, stdio: ['ignore', log, log], detached: true });
    const url = `http://127.0.0.1:${port}`;
    await until('code-server', () => isUp(url), START_MS);
    return { url, stop: () => endGroup(server, 'SIGTERM'), kill: () => endGroup(server, 'SIGKILL') };
}

export const userData = (root: string): string => path.join(root, 'user-data');

function program(): string {
    const cache = process.env['COPILOT_LSP_EDITOR_CACHE'];
    if (!cache) throw new Error('run this by scripts/editors_vscode.py test');
    return path.join(cache, 'code-server', 'node_modules', 'code-server', 'out', 'node', 'entry.js');
}

/** An empty gallery: no look-up of a market place. The runtime folder has to be there. */
export function environment(root: string): NodeJS.ProcessEnv {
    const runtime = path.join(root, 'run');
    fs.mkdirSync(runtime, { recursive: true, mode: 0o700 });
    const own = { XDG_DATA_HOME: path.join(root, 'data'), XDG_CONFIG_HOME: path.join(root, 'config'), XDG_RUNTIME_DIR: runtime };
    return { ...process.env, ...own, COPILOT_LSP_CONFIG_DIR: path.join(root, 'settings'), EXTENSIONS_GALLERY: '{}' };
}

async function isUp(url: string): Promise<boolean> {
    return fetch(`${url}/healthz`).then((response) => response.ok, () => false);
}

export function freePort(): Promise<number> {
    return new Promise((resolve) => {
        const server = net.createServer().listen(0, '127.0.0.1', () => {
            const { port } = server.address() as net.AddressInfo;
            server.close(() => resolve(port));
        });
    });
}

function endGroup(child: ChildProcess, signal: NodeJS.Signals): void {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    process.kill(-child.pid, signal);
}
