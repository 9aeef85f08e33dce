/** The settings of the tested VS Code, as files. */
import * as fs from 'node:fs';
import * as path from 'node:path';

/** A quiet window in which only what is tested completes. */
const QUIET = {
    'chat.disableAIFeatures': true,
    'editor.wordBasedSuggestions': 'off',
    'editor.minimap.enabled': false,
    'extensions.autoCheckUpdates': false,
    'extensions.autoUpdate': false,
    'extensions.ignoreRecommendations': true,
    'files.autoSave': 'off',
    'git.enabled': false,
    'git.openRepositoryInParentFolders': 'never',
    'security.workspace.trust.enabled': false,
    'telemetry.telemetryLevel': 'off',
    'update.mode': 'none',
    'window.commandCenter': false,
    'workbench.secondarySideBar.defaultVisibility': 'hidden',
    'workbench.startupEditor': 'none',
    'workbench.tips.enabled': false,
};

export class Settings {
    private readonly user: string;
    private readonly workspace: string;

    /** What is there from the start; `machine`: settings that are not the user's but the machine's. */
    constructor(userData: string, folder: string, user: object, machine: object) {
        this.user = path.join(userData, 'User', 'settings.json');
        this.workspace = path.join(folder, '.vscode', 'settings.json');
        write(this.user, { ...QUIET, ...user });
        write(path.join(userData, 'Machine', 'settings.json'), machine);
        this.set({});
    }

    /** Exactly these, as the workspace's: code-server does not see a change of the user's file. */
    set(settings: object): void {
        write(this.workspace, settings);
    }

    /** A setting of the user, undefined when it is the default. */
    ofUser(name: string): unknown {
        return (JSON.parse(fs.readFileSync(this.user, 'utf8')) as Record<string, unknown>)[name];
    }
}

function write(file: string, settings: object): void {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, JSON.stringify(settings, null, 2));
}
