/** The server that the extension carries with its installer (scripts/bundle.py), and where on this machine it goes. */
import * as path from 'node:path';
import type { ExtensionContext } from 'vscode';

import { namesIn } from './files.ts';

/** `folder`: the environment to make of `wheel` by `installer`, a Python program. */
export interface Bundle {
    readonly wheel: string;
    readonly installer: string;
    readonly folder: string;
}

export function bundle(context: ExtensionContext): Bundle | undefined {
    const carried = context.asAbsolutePath('bundled');
    const wheel = namesIn(path.join(carried, 'wheel')).find((each) => each.endsWith('.whl'));
    if (!wheel) return undefined;
    return {
        wheel: path.join(carried, 'wheel', wheel),
        installer: path.join(carried, 'install.py'),
        folder: path.join(installRoot(context), path.basename(wheel, '.whl')),
    };
}

export const installRoot = (context: ExtensionContext) => path.join(context.globalStorageUri.fsPath, 'servers');
