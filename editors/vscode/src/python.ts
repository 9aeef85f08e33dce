/** Python interpreters: the active one of the Python extension, and one that is new enough for the server. */
import { extensions, window, workspace, type Disposable, type Event, type Extension, type Uri } from 'vscode';

import { output } from './process.ts';

export const LEAST_VERSION = [3, 11] as const;

const ID = 'ms-python.python';

/** For an environment that nothing else can take the place of; for one that would be nicer. */
const PATIENCE_MS = 10_000;
const IMPATIENCE_MS = 1000;

/** The part of the Python extension's API that is used here. */
interface PythonApi {
    readonly environments: {
        getActiveEnvironmentPath(resource?: Uri): { readonly id: string; readonly path: string };
        resolveEnvironment(path: object): Promise<{ executable: { uri?: Uri | undefined } } | undefined>;
        readonly onDidChangeActiveEnvironmentPath: Event<unknown>;
    };
}

const extension = (): Extension<PythonApi> | undefined => extensions.getExtension<PythonApi>(ID);

/**
 * The active environment's interpreter. Undefined without the Python extension, when it does not answer in time, and in
 * a folder that is not trusted: an environment inside it could hold anything.
 *
 * `start`: starts the Python extension when it does not run, and gives it time.
 */
export async function activeInterpreter({ start }: { start: boolean }): Promise<string | undefined> {
    const python = extension();
    if (!workspace.isTrusted || !python || !(start || python.isActive)) return undefined;
    const late = new Promise<undefined>((resolve) => setTimeout(resolve, start ? PATIENCE_MS : IMPATIENCE_MS, undefined));
    return Promise.race([resolveActive(python).catch(() => undefined), late]);
}

async function resolveActive(python: Extension<PythonApi>): Promise<string | undefined> {
    const { environments } = await python.activate();
    const active = environments.getActiveEnvironmentPath(workspace.workspaceFolders?.[0]?.uri);
    return (await environments.resolveEnvironment(active))?.executable.uri?.fsPath;
}

/**
 * `listener` is called when the Python extension knows its environment, and with each change of it.
 *
 * The Python extension is not started for this: it starts by itself where there is Python.
 */
export function onInterpreter(listener: () => void): Disposable {
    const subscriptions: Disposable[] = [];
    let following = false;
    const look = async (): Promise<void> => {
        const python = extension();
        if (following || !python || !(python.isActive || hasPython())) return;
        following = true;
        const { environments } = await python.activate();
        subscriptions.push(environments.onDidChangeActiveEnvironmentPath(listener));
        await resolveActive(python);
        listener();
    };
    const lookAgain = () => void look().catch(() => undefined);
    subscriptions.push(
        workspace.onDidOpenTextDocument(lookAgain),
        window.onDidChangeActiveTextEditor(lookAgain),
        workspace.onDidGrantWorkspaceTrust(lookAgain),
    );
    lookAgain();
    return { dispose: () => subscriptions.forEach((each) => void each.dispose()) };
}

const hasPython = (): boolean => workspace.textDocuments.some(({ languageId }) => languageId === 'python');

/** Isolated: neither the current folder nor the environment's variables decide which modules are run. */
export const ISOLATED = '-I';

/** The first interpreter, of the active one and those in PATH, that can make the server's environment. */
export async function interpreterForServer(active: string | undefined): Promise<string | undefined> {
    const names = ['python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3', 'python', 'py'];
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
