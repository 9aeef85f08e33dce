/** Which windows run the server of an environment: a file each, named by the window's process. No import of VS Code. */
import * as fs from 'node:fs';
import * as path from 'node:path';

import { namesIn } from './files.ts';
import { isAlive } from './lock.ts';

const FOLDER = '.windows';

/** From now on this window runs the server of `environment`. Returns the function that takes that back. */
export function enter(environment: string, pid = process.pid): () => void {
    const file = path.join(environment, FOLDER, String(pid));
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, '');
    return () => fs.rmSync(file, { force: true });
}

/** Another living window runs the server of `environment`: it must not be removed. */
export function isInUse(environment: string, own = process.pid): boolean {
    return namesIn(path.join(environment, FOLDER)).some((name) => Number(name) !== own && isAlive(Number(name)));
}
