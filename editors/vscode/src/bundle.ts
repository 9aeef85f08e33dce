/** The server that the extension carries, and where on this machine it and its llama.cpp go. */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import type { ExtensionContext } from 'vscode';

import { buildKey } from './compile.ts';
import { isFile, namesIn } from './files.ts';

/** What the extension carries, and the environment to make of it. */
export interface Bundle {
    readonly wheel: string;
    readonly folder: string;
    readonly llama: Llama | undefined;
}

/** `requirement`: the version, for pip. `recipe`: the files to compile with. `folder`: for the compiled wheel. */
interface Llama {
    readonly requirement: string;
    readonly recipe: string;
    readonly folder: string;
}

export function bundle(context: ExtensionContext): Bundle | undefined {
    const carried = context.asAbsolutePath('bundled');
    const wheel = wheelIn(path.join(carried, 'wheel'));
    if (!wheel) return undefined;
    const folder = path.join(installRoot(context), path.basename(wheel, '.whl'));
    return { wheel, folder, llama: carriedLlama(context, carried) };
}

function carriedLlama(context: ExtensionContext, carried: string): Llama | undefined {
    const file = path.join(carried, 'llama.txt');
    if (!isFile(file)) return undefined;
    const requirement = fs.readFileSync(file, 'utf8').trim();
    const recipe = path.join(carried, 'llama-build');
    const sources = namesIn(recipe).sort().map((name) => fs.readFileSync(path.join(recipe, name), 'utf8'));
    const machine = [os.platform(), os.arch(), os.cpus()[0]?.model ?? ''];
    const key = buildKey([requirement, ...sources, ...machine, process.env['CMAKE_ARGS'] ?? '']);
    return { requirement, recipe, folder: path.join(llamaRoot(context), key) };
}

/** By an earlier installation; or there is nothing to compile. */
export function isCompiled({ llama }: Pick<Bundle, 'llama'>): boolean {
    return llama === undefined || wheelIn(llama.folder) !== undefined;
}

export function wheelIn(folder: string): string | undefined {
    const name = namesIn(folder).find((each) => each.endsWith('.whl'));
    return name && path.join(folder, name);
}

export const llamaRoot = (context: ExtensionContext) => path.join(context.globalStorageUri.fsPath, 'llama.cpp');

export const installRoot = (context: ExtensionContext) => path.join(context.globalStorageUri.fsPath, 'servers');
