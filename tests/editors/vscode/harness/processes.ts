/** The processes of an engine, by what they run and whose folders they have. */
import * as fs from 'node:fs';
import * as path from 'node:path';

import type { World } from './world.ts';

const read = (pid: string, file: string): string => {
    try {
        return fs.readFileSync(path.join('/proc', pid, file), 'utf8');
    } catch {
        return ''; // it has just ended
    }
};

/** The numbers of the processes in this world that run the Python module; one that nobody has reaped counts as gone. */
export function running({ root }: World, module: string): number[] {
    const ours = `XDG_RUNTIME_DIR=${runtime({ root })}`;
    const pids = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    const runs = (pid: string) => read(pid, 'cmdline').split('\0').includes(module) && read(pid, 'environ').split('\0').includes(ours);
    return pids.filter(runs).map(Number);
}

export const hubs = (world: World): number[] => running(world, 'copilot_lsp.engine.shared.process');
export const workers = (world: World): number[] => running(world, 'copilot_lsp.engine.local.worker');

/** What somebody could connect with: sockets, and the cards with their tokens. */
export function meetingPlaces(world: Pick<World, 'root'>): string[] {
    return fs.readdirSync(path.join(runtime(world), 'copilot-lsp')).filter((name) => /\.(sock|json)$/.test(name));
}

const runtime = ({ root }: Pick<World, 'root'>): string => path.join(root, 'run');
