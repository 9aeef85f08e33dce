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

/** What to say when there is no C++ compiler; undefined when there is one. On Windows CMake finds it by itself. */
export function compilerMissing(
    searched: string,
    platform: NodeJS.Platform,
    isFile: (file: string) => boolean,
): string | undefined {
    if (platform === 'win32') return undefined;
    const folders = searched.split(path.delimiter);
    const found = ['c++', 'g++', 'clang++'].some((name) => folders.some((folder) => isFile(path.join(folder, name))));
    if (found) return undefined;
    const how = platform === 'darwin' ? 'xcode-select --install' : 'on Debian and Ubuntu: apt install build-essential';
    return `The server needs a C++ compiler to compile llama.cpp (${how}).`;
}
