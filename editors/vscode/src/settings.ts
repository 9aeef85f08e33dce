/** The settings as VS Code has them, read in one place. The server's own are only passed on. */
import { ConfigurationTarget, workspace } from 'vscode';

import { forServer, toggled } from './options.ts';

export const SECTION = 'copilotLsp';

/** The longest that a timer can wait. */
const FOREVER_MS = 2 ** 31 - 1;

const section = () => workspace.getConfiguration(SECTION);

export const serverPath = (): string => section().get<string>('server.path', '').trim();
export const serverArguments = (): string[] => section().get<string[]>('server.args', []);
export const isEnabled = (): boolean => section().get<boolean>('enabled', true);
export const model = (): string => section().get<string>('model', '');
export const disabledLanguages = (): string[] => section().get<string[]>('disabledLanguages', []);

/** Milliseconds after which the first lines of a long answer are shown; the server's option of the same name. */
export function patience(): number {
    const milliseconds = section().get<number>('completion.firstMs', 0);
    return milliseconds > 0 ? milliseconds : FOREVER_MS;
}

/** What the server gets of the section: everything but what is the extension's alone. */
export const serverOptions = (): object => forServer(workspace.getConfiguration().get<object>(SECTION, {}));

export function setEnabled(enabled: boolean, target: ConfigurationTarget): Thenable<void> {
    return section().update('enabled', enabled, target);
}

/** Takes the workspace's word back, so that the user's own setting holds again. */
export function forgetWorkspaceChoice(): Thenable<void> {
    return section().update('enabled', undefined, ConfigurationTarget.Workspace);
}

export const workspaceChoice = (): boolean | undefined => section().inspect<boolean>('enabled')?.workspaceValue;

export function toggleLanguage(language: string): Thenable<void> {
    return section().update('disabledLanguages', toggled(disabledLanguages(), language), ConfigurationTarget.Global);
}

export function setModel(name: string): Thenable<void> {
    return section().update('model', name, ConfigurationTarget.Global);
}
