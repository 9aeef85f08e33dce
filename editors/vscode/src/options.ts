/** Pure helpers for settings. */

/** Keys of the section that only the extension reads; the server would report them as unknown. */
const CLIENT_ONLY = new Set(['server']);

export function forServer(section: object): Record<string, unknown> {
    return Object.fromEntries(Object.entries(section).filter(([key]) => !CLIENT_ONLY.has(key)));
}

/** Where a choice takes effect: a workspace that sets the value overrides the user. */
export function holder(inspected: { readonly workspaceValue?: unknown } | undefined): 'workspace' | 'user' {
    return inspected?.workspaceValue === undefined ? 'user' : 'workspace';
}

export function toggled(list: readonly string[], entry: string): string[] {
    return list.includes(entry) ? list.filter((other) => other !== entry) : [...list, entry].sort();
}
