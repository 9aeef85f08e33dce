/** Python interpreters: the active one of the Python extension, and one that is new enough for the server. */
import { extensions, workspace, type Event, type Uri } from 'vscode';

import { output } from './process.ts';

export const LEAST_VERSION = [3, 11] as const;

const EXTENSION = 'ms-python.python';
const PATIENCE_MS = 10_000;

/** The part of the Python extension's API that is used here. */
interface PythonApi {
    readonly environments: {
        getActiveEnvironmentPath(resource?: Uri): { readonly id: string; readonly path: string };
        resolveEnvironment(path: object): Promise<{ executable: { uri?: Uri | undefined } } | undefined>;
        readonly onDidChangeActiveEnvironmentPath: Event<unknown>;
    };
}

async function api(): Promise<PythonApi | undefined> {
    const extension = extensions.getExtension<PythonApi>(EXTENSION);
    return extension && (extension.isActive ? extension.exports : await extension.activate());
}

/**
 * The active environment's interpreter; undefined without the Python extension, when it does not answer, and in a
 * folder that is not trusted: an environment inside it could hold anything.
 */
export async function activeInterpreter(): Promise<string | undefined> {
    if (!workspace.isTrusted) return undefined;
    const late = new Promise<undefined>((resolve) => setTimeout(resolve, PATIENCE_MS, undefined));
    return Promise.race([resolveActive().catch(() => undefined), late]);
}

async function resolveActive(): Promise<string | undefined> {
    const environments = (await api())?.environments;
    if (!environments) return undefined;
    const active = environments.getActiveEnvironmentPath(workspace.workspaceFolders?.[0]?.uri);
    return (await environments.resolveEnvironment(active))?.executable.uri?.fsPath;
}

export async function onDidChangeInterpreter(listener: () => void): Promise<{ dispose(): unknown } | undefined> {
    return (await api().catch(() => undefined))?.environments.onDidChangeActiveEnvironmentPath(listener);
}

/** Isolated: neither the current folder nor the environment's variables decide which modules are run. */
export const ISOLATED = '-I';

/** The first interpreter, of the active one and those in PATH, that can make the server's environment. */
export async function interpreterForServer(active: string | undefined): Promise<string | undefined> {
    const names = ['python3.13', 'python3.12', 'python3.11', 'python3', 'python', 'py'];
    for (const name of active ? [active, ...names] : names) {
        if (await isNewEnough(name)) return name;
    }
    return undefined;
}

async function isNewEnough(interpreter: string): Promise<boolean> {
    // Debian has Pythons without ensurepip, which cannot make environments.
    const program = `import sys, venv, ensurepip; sys.exit(sys.version_info < (${LEAST_VERSION.join(', ')}))`;
    return output(interpreter, [ISOLATED, '-c', program]).then(() => true, () => false);
}
