/** The settings as VS Code has them, read in one place. The server's own are only passed on. */
import { ConfigurationTarget, extensions, workspace } from 'vscode';

import { activeDocument } from './documents.ts';
import { holder, isForServer, isOn, isSet } from './options.ts';

export const SECTION = 'copilotLsp';

const EXTENSION = 'copilot-lsp.copilot-lsp';

/** The longest that a timer can wait. */
export const FOREVER_MS = 2 ** 31 - 1;

const section = () => workspace.getConfiguration(SECTION);

export const serverPath = (): string => section().get<string>('server.path', '').trim();
export const serverArguments = (): string[] => section().get<string[]>('server.args', []);
export const isEnabled = (): boolean => section().get<boolean>('enabled', true);
export const isAutomatic = (): boolean => section().get<string>('trigger') !== 'manual';

const disabledLanguages = (): string[] => section().get<string[]>('disabledLanguages', []);

/** By the extension's own setting; the server heeds `disabledLanguages`. */
export const isOnFor = (language: string): boolean => isOn(section().get('enable', {}), language);

export const isOff = (language: string): boolean => !isOnFor(language) || disabledLanguages().includes(language);

/** Milliseconds after which the first lines of a long answer are shown; the server's option of the same name. */
export function patience(): number {
    const milliseconds = section().get<number>('completion.firstMs', 0);
    return milliseconds > 0 ? milliseconds : FOREVER_MS;
}

/** What the server gets of the section: what is set, but for what is the extension's alone; dotted names. */
export function serverOptions(): object {
    const configuration = section();
    const names = optionNames().filter((name) => isForServer(name) && isSet(configuration.inspect(name)));
    return Object.fromEntries(names.map((name) => [name, configuration.get(name)]));
}

/** Without the section. */
function optionNames(): string[] {
    const { contributes } = extensions.getExtension(EXTENSION)?.packageJSON as Manifest;
    return Object.keys(contributes.configuration.properties).map((name) => name.slice(SECTION.length + 1));
}

interface Manifest {
    readonly contributes: { readonly configuration: { readonly properties: object } };
}

/** Writes where it takes effect. */
function write(key: string, value: unknown): Thenable<void> {
    const inWorkspace = holder(section().inspect(key)) === 'workspace';
    return section().update(key, value, inWorkspace ? ConfigurationTarget.Workspace : ConfigurationTarget.Global);
}

export const toggleEnabled = (): Thenable<void> => write('enabled', !isEnabled());

/** In the document that is looked at, VS Code shows inline suggestions. */
export function editorSuggests(): boolean {
    return workspace.getConfiguration('editor', activeDocument()).get<boolean>('inlineSuggest.enabled', true);
}

export function setEnabled(enabled: boolean, target: ConfigurationTarget): Thenable<void> {
    return section().update('enabled', enabled, target);
}

/** Takes the workspace's word back, so that the user's own setting holds again. */
export function forgetWorkspaceChoice(): Thenable<void> {
    return section().update('enabled', undefined, ConfigurationTarget.Workspace);
}

export const workspaceChoice = (): boolean | undefined => section().inspect<boolean>('enabled')?.workspaceValue;

export async function toggleLanguage(language: string): Promise<void> {
    const on = isOff(language);
    const listed = disabledLanguages();
    if (on && listed.includes(language)) await write('disabledLanguages', listed.filter((other) => other !== language));
    const { globalValue, workspaceValue } = section().inspect<Record<string, boolean>>('enable') ?? {};
    await write('enable', { ...(workspaceValue ?? globalValue), [language]: on });
}

export const toggleAutomatic = (): Thenable<void> => write('trigger', isAutomatic() ? 'manual' : 'automatic');

/** The model is VS Code's setting, and not what copilot-lsp.toml says. */
export const choosesModel = (): boolean => isSet(section().inspect('model'));

export function setModel(name: string): Thenable<void> {
    // A workspace that is not trusted has no say in the model.
    return workspace.isTrusted ? write('model', name) : section().update('model', name, ConfigurationTarget.Global);
}
