/** Where the server may be, in the order it is looked for. Pure: the file system comes in as a function. */
import * as path from 'node:path';

export type Origin = 'setting' | 'environment' | 'path' | 'installed';

export interface Found {
    readonly command: string;
    readonly origin: Origin;
}

/** `python`: the active environment's interpreter. `installed`: environments that this extension made, best first. */
export interface Places {
    readonly setting: string;
    readonly python: string | undefined;
    readonly path: string;
    readonly installed: readonly string[];
    readonly platform: NodeJS.Platform;
}

/** A path in the setting is taken alone: a wrong one is to be told, not covered by another server. */
export function locate(places: Places, isFile: (file: string) => boolean): Found | undefined {
    if (places.setting) {
        return isFile(places.setting) ? { command: places.setting, origin: 'setting' } : undefined;
    }
    return candidates(places).find((found) => isFile(found.command));
}

function candidates(places: Places): Found[] {
    const { join, dirname, isAbsolute, delimiter } = places.platform === 'win32' ? path.win32 : path.posix;
    const program = places.platform === 'win32' ? 'copilot-lsp.exe' : 'copilot-lsp';
    const scripts = places.platform === 'win32' ? 'Scripts' : 'bin';
    const besidePython = places.python ? [dirname(places.python), join(dirname(places.python), scripts)] : [];
    const onPath = places.path.split(delimiter).filter(isAbsolute);
    const from = (folders: readonly string[], origin: Origin): Found[] =>
        folders.map((folder) => ({ command: join(folder, program), origin }));
    return [
        ...from(besidePython, 'environment'),
        ...from(onPath, 'path'),
        ...from(places.installed.map((folder) => join(folder, scripts)), 'installed'),
    ];
}
