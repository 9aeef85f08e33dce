/** Pure helpers for settings. */

/** What `inspect` tells of a setting, as far as it is used. */
export interface Inspected {
    readonly globalValue?: unknown;
    readonly workspaceValue?: unknown;
    readonly workspaceFolderValue?: unknown;
}

/** The server does not know them. */
const CLIENT_ONLY = /^(server\.|enable$|trigger$)/;

export const isForServer = (name: string): boolean => !CLIENT_ONLY.test(name);

/** A default of VS Code's would win over the user's copilot-lsp.toml. */
export function isSet(inspected: Inspected | undefined): boolean {
    const { globalValue, workspaceValue, workspaceFolderValue } = inspected ?? {};
    return [globalValue, workspaceValue, workspaceFolderValue].some((value) => value !== undefined);
}

/** Where a choice takes effect: a workspace that sets the value overrides the user. */
export function holder(inspected: Inspected | undefined): 'workspace' | 'user' {
    return inspected?.workspaceValue === undefined ? 'user' : 'workspace';
}

/** `languages`: identifiers, and "*" for those that are not named. */
export function isOn(languages: Readonly<Record<string, boolean>>, language: string): boolean {
    return languages[language] ?? languages['*'] ?? true;
}
