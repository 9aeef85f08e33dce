/** What pip needs to compile llama.cpp the way the project does: see scripts/llama_wheel.py. Pure. */
import { createHash } from 'node:crypto';
import * as path from 'node:path';

/** `folder`: fastbuild.cmake and what it includes. `own`: the user's CMAKE_ARGS come last, and win. */
export function compileEnvironment(folder: string, own: string | undefined): NodeJS.ProcessEnv {
    const include = quoted(`-DCMAKE_PROJECT_llama.cpp_INCLUDE=${path.join(folder, 'fastbuild.cmake')}`);
    return {
        CMAKE_ARGS: ['-DLLAVA_BUILD=OFF', include, own ?? ''].join(' ').trim(),
        // Without Ninja on the machine, pip fetches it; GNU make would compile one file at a time.
        SKBUILD_NINJA_MAKE_FALLBACK: '0',
    };
}

/** Changes with everything that decides what is compiled. */
export function buildKey(parts: readonly string[]): string {
    return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 16);
}

/** As a POSIX shell quotes it: scikit-build-core splits CMAKE_ARGS like one. */
function quoted(word: string): string {
    return `'${word.replaceAll("'", "'\\''")}'`;
}

type IsFile = (file: string) => boolean;

/** Runs a program; rejects when it fails or is not there. */
type Output = (program: string, args: string[]) => Promise<string>;

/** What to say when there is no C++ compiler; undefined when there is one. */
export async function compilerMissing(
    environment: NodeJS.ProcessEnv,
    platform: NodeJS.Platform,
    isFile: IsFile,
    output: Output,
): Promise<string | undefined> {
    const suffix = platform === 'win32' ? '.exe' : '';
    const folders = (environment['PATH'] ?? environment['Path'] ?? '').split(path.delimiter);
    const names = platform === 'win32' ? ['cl', 'g++', 'clang++'] : ['c++', 'g++', 'clang++'];
    const found = names.some((name) => folders.some((folder) => isFile(path.join(folder, name + suffix))));
    // macOS has /usr/bin/c++ without a compiler: it only offers to install one.
    if (platform === 'darwin' ? await answers(output, 'xcode-select', ['-p']) : found) return undefined;
    if (platform === 'win32' && (await answers(output, vswhere(environment), VISUAL_CPP))) return undefined;
    return `The server needs a C++ compiler to compile llama.cpp (${HOW[platform] ?? HOW['linux']}).`;
}

const HOW: Record<string, string> = {
    darwin: 'xcode-select --install',
    win32: 'Visual Studio Build Tools with "Desktop development with C++"',
    linux: 'on Debian and Ubuntu: apt install build-essential',
};

/** Microsoft's finder of Visual Studio is always there, since version 2017. */
const vswhere = (environment: NodeJS.ProcessEnv) =>
    path.join(environment['ProgramFiles(x86)'] ?? 'C:\\Program Files (x86)', 'Microsoft Visual Studio', 'Installer', 'vswhere.exe');

const VISUAL_CPP = [
    ...['-latest', '-products', '*', '-property', 'installationPath'],
    ...['-requires', 'Microsoft.VisualStudio.Component.VC.Tools.x86.x64'],
];

async function answers(output: Output, program: string, args: string[]): Promise<boolean> {
    return output(program, args).then((text) => text.trim() !== '', () => false);
}
