/** Child processes: lines out, the whole tree ended on cancellation. No import of VS Code. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

export interface Cancellation {
    onCancellationRequested(listener: () => void): { dispose(): unknown };
}

export class Cancelled extends Error {}

const LINES_KEPT = 5;

/** What `run` has started and not seen the end of. */
const running = new Set<ChildProcess>();

/** Resolves at exit code 0. Rejects with Cancelled, or with an Error that quotes the last lines of the output. */
export function run(
    command: string,
    args: readonly string[],
    onLine: (line: string) => void,
    cancellation: Cancellation,
    additions: NodeJS.ProcessEnv = {},
): Promise<void> {
    return new Promise((resolve, reject) => {
        const env = { ...process.env, ...additions };
        // A group of its own: compilers started by pip end with it.
        const detached = process.platform !== 'win32';
        const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], detached, env, windowsHide: true });
        running.add(child);
        const last: string[] = [];
        for (const stream of [child.stdout, child.stderr]) {
            createInterface(stream).on('line', (line) => {
                last.push(line);
                if (last.length > LINES_KEPT) last.shift();
                onLine(line);
            });
        }
        let cancelled = false;
        const listener = cancellation.onCancellationRequested(() => {
            cancelled = true;
            endTree(child);
        });
        child.on('error', reject);
        child.on('close', (code, signal) => {
            running.delete(child);
            listener.dispose();
            if (code === 0) resolve();
            else reject(cancelled ? new Cancelled() : new Error([`${command} failed (${code ?? signal})`, ...last].join('\n')));
        });
    });
}

/** What is still running does not outlive its window. */
export function endAll(): void {
    for (const child of running) endTree(child);
}

function endTree({ pid, exitCode }: ChildProcess): void {
    if (pid === undefined || exitCode !== null) return;
    if (process.platform === 'win32') spawn('taskkill', ['/pid', String(pid), '/t', '/f']);
    else process.kill(-pid, 'SIGTERM');
}

/** Standard output, trimmed. */
export async function output(command: string, args: readonly string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(command, [...args], { timeout: 20_000, windowsHide: true });
    return stdout.trim();
}
