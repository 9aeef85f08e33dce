/** The file system, where a missing file is an answer. */
import * as fs from 'node:fs';

export function isFile(file: string): boolean {
    return fs.statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** The names in a folder; none when it is not there. */
export function namesIn(folder: string): string[] {
    return fs.existsSync(folder) ? fs.readdirSync(folder) : [];
}
