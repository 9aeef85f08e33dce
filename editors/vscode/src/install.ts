/** Installs the server from the wheel that the extension carries, into an environment of the extension's own. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { ProgressLocation, window, type CancellationToken, type ExtensionContext, type LogOutputChannel, type Progress } from 'vscode';

import { bundle, installRoot } from './bundle.ts';
import { isFile, namesIn } from './files.ts';
import { take } from './lock.ts';
import { Cancelled, run } from './process.ts';
import { activeInterpreter, interpreterForServer, ISOLATED, LEAST_VERSION } from './python.ts';
import { PLATFORM, provide, removeUnused } from './runtime.ts';
import { reason, step, type Step } from './steps.ts';
import { isInUse } from './windows.ts';
import { t } from './words.ts';

/** Written last, when the program has generated text: an environment without it was interrupted, and is made anew. */
const COMPLETE = '.complete';

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
    if (!carried) throw new Error(t('This build of the extension contains no server.'));
    const present = await interpreterForServer(await activeInterpreter({ start: true }));
    fs.mkdirSync(installRoot(context), { recursive: true });
    const release = take(path.join(installRoot(context), 'lock'));
    if (!release) throw new Error(t('Another window is installing the server.'));
    const title = t('copilot-lsp: installing the server');
    const where = { location: ProgressLocation.Notification, title, cancellable: true };
    const { installer, folder, wheel } = carried;
    try {
        vacate(folder);
        await window.withProgress(where, async (progress, token) => {
            const report = reporter(progress, log);
            const interpreter = present ?? (await ownInterpreter(context, installer, report, token));
            await run(interpreter, [ISOLATED, installer, folder, wheel], report, token);
        });
        fs.writeFileSync(path.join(folder, COMPLETE), '');
        removeOld(context);
    } catch (error) {
        throw error instanceof Cancelled ? error : new Error(reason(String((error as Error).message)));
    } finally {
        release();
    }
}

/** Where the machine has no Python that is new enough. Raises Cancelled, or an Error whose text is for the user. */
async function ownInterpreter(
    context: ExtensionContext,
    installer: string,
    report: (line: string) => void,
    token: CancellationToken,
): Promise<string> {
    const missing = t('Python {0} or newer (with venv) was not found.', LEAST_VERSION.join('.'));
    const where = { bundled: path.dirname(installer), into: context.globalStorageUri.fsPath, platform: PLATFORM };
    const own = await provide(where, report, token).catch((error: unknown) => {
        throw error instanceof Cancelled ? error : new Error(`${missing} ${reason(String((error as Error).message))}`);
    });
    const interpreter = own && (await interpreterForServer(own));
    if (!interpreter) throw new Error(missing);
    return interpreter;
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

function reporter(progress: Progress<{ message: string }>, log: LogOutputChannel): (line: string) => void {
    let now: Step = { title: '', message: '' };
    return (line) => {
        log.info(line);
        now = step(now, line);
        progress.report({ message: now.message });
    };
}

/** All but the newest, the one before and those that other windows run; and the installer's logs of them. */
function removeOld(context: ExtensionContext): void {
    const age = (folder: string) => fs.statSync(path.join(folder, COMPLETE)).mtimeMs;
    const oldest = installations(context).sort((a, b) => age(b) - age(a)).slice(2).filter((folder) => !isInUse(folder));
    for (const folder of oldest.flatMap((each) => [each, `${each}-logs`])) fs.rmSync(folder, { recursive: true, force: true });
    removeUnused(context.globalStorageUri.fsPath, installations(context));
}

const isComplete = (folder: string) => isFile(path.join(folder, COMPLETE));
