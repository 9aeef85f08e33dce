/** One installation at a time, also when several windows are open. No import of VS Code. */
import * as fs from 'node:fs';

/** Returns the function that gives the lock back; undefined while a living process holds it. */
export function take(file: string, pid = process.pid): (() => void) | undefined {
    for (const _ of ['first', 'after a dead owner']) {
        try {
            fs.writeFileSync(file, String(pid), { flag: 'wx' });
            return () => fs.rmSync(file, { force: true });
        } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
            if (isAlive(owner(file))) return undefined;
            fs.rmSync(file, { force: true });
        }
    }
    return undefined;
}

function owner(file: string): number {
    try {
        return Number(fs.readFileSync(file, 'utf8'));
    } catch {
        return 0;
    }
}

export function isAlive(pid: number): boolean {
    if (!pid) return false;
    try {
        process.kill(pid, 0);
        return true;
    } catch (error) {
        return (error as NodeJS.ErrnoException).code === 'EPERM';
    }
}
