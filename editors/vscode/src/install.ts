/** Installs the server from the wheel that the extension carries, into an environment of the extension's own. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { ProgressLocation, window, type ExtensionContext, type LogOutputChannel, type Progress } from 'vscode';

import { compileEnvironment, compilerMissing } from './compile.ts';
import { isFile, namesIn } from './files.ts';
import { take } from './lock.ts';
import { step } from './pip.ts';
import { type Cancellation, run } from './process.ts';
import { activeInterpreter, interpreterForServer, ISOLATED, LEAST_VERSION } from './python.ts';

/** Written last: an environment without it was interrupted, and is made anew. */
const COMPLETE = '.complete';

const TITLE = 'copilot-lsp: installing the server (llama.cpp is compiled: 5 to 15 minutes; go on working)';

type OnLine = (line: string) => void;

/** What the extension carries, and the environment to make of it. */
interface Bundle {
    readonly wheel: string;
    readonly folder: string;
    readonly compilation: string;
    readonly constraints: string;
}

export function bundle(context: ExtensionContext): Bundle | undefined {
    const carried = (name: string) => context.asAbsolutePath(path.join('bundled', name));
    const wheel = namesIn(carried('wheel')).find((name) => name.endsWith('.whl'));
    if (!wheel) return undefined;
    return {
        wheel: path.join(carried('wheel'), wheel),
        folder: path.join(installRoot(context), path.basename(wheel, '.whl')),
        compilation: carried('llama-build'),
        constraints: carried('constraints.txt'),
    };
}

/** Environments that were made here; that of the bundled wheel first. */
export function installations(context: ExtensionContext): string[] {
    const root = installRoot(context);
    const current = bundle(context)?.folder;
    const complete = namesIn(root).map((name) => path.join(root, name)).filter(isComplete);
    return complete.sort((a, b) => Number(b === current) - Number(a === current));
}

/** The extension carries no other server than the one that is installed. */
export function isCurrent(context: ExtensionContext): boolean {
    const carried = bundle(context);
    return !carried || isComplete(carried.folder);
}

/** Raises Cancelled, or an Error whose text is for the user. */
export async function install(context: ExtensionContext, log: LogOutputChannel): Promise<void> {
    const carried = bundle(context);
    if (!carried) throw new Error('This build of the extension carries no server.');
    const interpreter = await interpreterForServer(await activeInterpreter());
    if (!interpreter) throw new Error(`Python ${LEAST_VERSION.join('.')} or newer (with venv) was not found.`);
    const missing = compilerMissing(process.env['PATH'] ?? '', process.platform, isFile);
    if (missing) throw new Error(missing);
    fs.mkdirSync(installRoot(context), { recursive: true });
    const release = take(path.join(installRoot(context), 'lock'));
    if (!release) throw new Error('Another window is installing the server.');
    const where = { location: ProgressLocation.Notification, title: TITLE, cancellable: true };
    try {
        await window.withProgress(where, (progress, token) =>
            makeEnvironment(interpreter, carried, reporter(progress, log), token),
        );
        removeOld(context);
    } finally {
        release();
    }
}

async function makeEnvironment(
    interpreter: string,
    { wheel, folder, compilation, constraints }: Bundle,
    onLine: OnLine,
    cancellation: Cancellation,
): Promise<void> {
    fs.rmSync(folder, { recursive: true, force: true });
    await run(interpreter, [ISOLATED, '-m', 'venv', folder], onLine, cancellation);
    const python = path.join(folder, ...(process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python']));
    const pip = [ISOLATED, '-m', 'pip', 'install', '--disable-pip-version-check', '--progress-bar', 'off', '--no-input'];
    const env = compileEnvironment(compilation, process.env['CMAKE_ARGS']);
    await run(python, [...pip, '--constraint', constraints, wheel], onLine, cancellation, env);
    fs.writeFileSync(path.join(folder, COMPLETE), '');
}

function reporter(progress: Progress<{ message: string }>, log: LogOutputChannel): OnLine {
    return (line) => {
        log.info(line);
        const message = step(line);
        if (message) progress.report({ message });
    };
}

/** All but the newest and the one before, which other windows may still run. */
function removeOld(context: ExtensionContext): void {
    const age = (folder: string) => fs.statSync(path.join(folder, COMPLETE)).mtimeMs;
    const oldest = installations(context).sort((a, b) => age(b) - age(a)).slice(2);
    for (const folder of oldest) fs.rmSync(folder, { recursive: true, force: true });
}

const isComplete = (folder: string) => isFile(path.join(folder, COMPLETE));

const installRoot = (context: ExtensionContext) => path.join(context.globalStorageUri.fsPath, 'servers');
