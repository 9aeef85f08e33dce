/** What pip is doing, for people. Pure. */

/** A few words for the lines that begin a long step, undefined for the rest. */
export function step(line: string): string | undefined {
    const [, done, all] = /^\s*\[(\d+)\/(\d+)\]/.exec(line) ?? [];
    if (done) return `compiling llama.cpp (${done} of ${all})`;
    const built = /^\s*Building wheel for (\S+)/.exec(line)?.[1];
    if (built) return built.startsWith('llama') ? 'compiling llama.cpp' : `building ${built}`;
    const collected = /^\s*(?:Collecting|Downloading) (\S+)/.exec(line)?.[1];
    if (collected) return `getting ${nameOf(collected)}`;
    return /^\s*Installing collected packages/.test(line) ? 'putting it together' : undefined;
}

function nameOf(requirement: string): string {
    const file = requirement.split('/').at(-1) ?? requirement;
    return /^[A-Za-z0-9._-]*?[A-Za-z0-9](?=[<>=!~[;(]|-\d|$)/.exec(file)?.[0] ?? file;
}
