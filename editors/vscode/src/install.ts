/** Installs the server from the wheel that the extension carries, into an environment of the extension's own. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { ProgressLocation, window, type ExtensionContext, type LogOutputChannel, type Progress } from 'vscode';

import { bundle, installRoot, isCompiled, llamaRoot, type Bundle, wheelIn } from './bundle.ts';
import { compileEnvironment, compilerMissing } from './compile.ts';
import { isFile, namesIn } from './files.ts';
import { take } from './lock.ts';
import { step } from './pip.ts';
import { type Cancellation, output, run } from './process.ts';
import { activeInterpreter, interpreterForServer, ISOLATED, LEAST_VERSION } from './python.ts';
import { isInUse } from './windows.ts';
import { t } from './words.ts';

/** Written last, when the program runs: an environment without it was interrupted, and is made anew. */
const COMPLETE = '.complete';

const TITLE = 'copilot-lsp: installing the server';
const COMPILING = ' (llama.cpp is compiled: 5 to 15 minutes; go on working)';

const PIP_OPTIONS = ['--disable-pip-version-check', '--progress-bar', 'off', '--no-input'];

/** Not from pip's cache, which may have a wheel that was compiled another way; verbose for the compiler's progress. */
const COMPILE_OPTIONS = ['--no-deps', '--no-cache-dir', '--no-binary', 'llama-cpp-python', '--verbose'];

type OnLine = (line: string) => void;

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
    const interpreter = await interpreterForServer(await activeInterpreter({ start: true }));
    if (!interpreter) throw new Error(`Python ${LEAST_VERSION.join('.')} or newer (with venv) was not found.`);
    const missing = isCompiled(carried) ? undefined : await compilerMissing(process.env, process.platform, isFile, output);
    if (missing) throw new Error(missing);
    fs.mkdirSync(installRoot(context), { recursive: true });
    const release = take(path.join(installRoot(context), 'lock'));
    if (!release) throw new Error('Another window is installing the server.');
    const title = isCompiled(carried) ? TITLE : TITLE + COMPILING;
    const where = { location: ProgressLocation.Notification, title, cancellable: true };
    try {
        vacate(carried.folder);
        await window.withProgress(where, (progress, token) =>
            makeEnvironment(interpreter, carried, reporter(progress, log), token),
        );
        removeOld(context, carried);
    } finally {
        release();
    }
}

/** From now on no window starts the server of `folder`. Raises an Error when another one runs it. */
function vacate(folder: string): void {
    const mark = path.join(folder, COMPLETE);
    const wasComplete = isFile(mark);
    fs.rmSync(mark, { force: true });
    if (!isInUse(folder)) return;
    if (wasComplete) fs.writeFileSync(mark, '');
    throw new Error(t('Another window runs this server. Close that window, then install again.'));
}

async function makeEnvironment(
    interpreter: string,
    { wheel, folder, llama }: Bundle,
    onLine: OnLine,
    cancellation: Cancellation,
): Promise<void> {
    fs.rmSync(folder, { recursive: true, force: true });
    await run(interpreter, [ISOLATED, '-m', 'venv', folder], onLine, cancellation);
    const [scripts, suffix] = process.platform === 'win32' ? ['Scripts', '.exe'] : ['bin', ''];
    const program = (name: string) => path.join(folder, scripts, name + suffix);
    const pip = (verb: string, ...args: string[]) => {
        const env = llama && compileEnvironment(llama.recipe, process.env['CMAKE_ARGS']);
        return run(program('python'), [ISOLATED, '-m', 'pip', verb, ...PIP_OPTIONS, ...args], onLine, cancellation, env);
    };
    if (llama && !isCompiled({ llama })) {
        await pip('wheel', ...COMPILE_OPTIONS, '--wheel-dir', llama.folder, llama.requirement);
    }
    const compiled = llama && wheelIn(llama.folder);
    await pip('install', ...(compiled ? [compiled] : []), wheel);
    await run(program('copilot-lsp'), ['--version'], onLine, cancellation);
    fs.writeFileSync(path.join(folder, COMPLETE), '');
}

function reporter(progress: Progress<{ message: string }>, log: LogOutputChannel): OnLine {
    return (line) => {
        log.info(line);
        const message = step(line);
        if (message) progress.report({ message });
    };
}

/** All but the newest, the one before and those that other windows run; and what was compiled for them. */
function removeOld(context: ExtensionContext, { llama }: Bundle): void {
    const age = (folder: string) => fs.statSync(path.join(folder, COMPLETE)).mtimeMs;
    const oldest = installations(context).sort((a, b) => age(b) - age(a)).slice(2).filter((folder) => !isInUse(folder));
    const builds = namesIn(llamaRoot(context)).map((name) => path.join(llamaRoot(context), name));
    const unused = [...oldest, ...builds.filter((folder) => folder !== llama?.folder)];
    for (const folder of unused) fs.rmSync(folder, { recursive: true, force: true });
}

const isComplete = (folder: string) => isFile(path.join(folder, COMPLETE));
