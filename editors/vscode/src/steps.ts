/** What the installer (scripts/install.py) is doing, for people. Pure. */

/** Made of the line before and the next one: a title, or, indented, how far what has this title is. */
export interface Step {
    readonly title: string;
    readonly message: string;
}

export function step(before: Step, line: string): Step {
    const text = line.trim();
    if (text === '') return before;
    const title = line.startsWith(' ') ? before.title : text.replace(/ \(.*\)$/, '');
    return { title, message: title === text || !line.startsWith(' ') ? title : `${title}: ${text}` };
}

/** The last line says what went wrong; those before are a program's output. */
export function reason(output: string): string {
    const lines = output.split('\n').filter((line) => line.trim() !== '');
    return (lines.at(-1) ?? output).replace(/^install: /, '');
}
