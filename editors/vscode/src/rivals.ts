/** Other extensions that give inline completions: VS Code shows one of the texts, and does not tell whose. Pure. */
import { isOn } from './options.ts';

/** `off`: a setting that turns its completions off, and the value that does. */
export interface Rival {
    readonly id: string;
    readonly name: string;
    readonly off?: { readonly setting: string; readonly value: unknown };
}

const COPILOT = { name: 'GitHub Copilot', off: { setting: 'github.copilot.enable', value: { '*': false } } };

/** Comes with VS Code, and completes for those who have signed in to GitHub. */
const BUILT_IN = 'GitHub.copilot-chat';

const RIVALS: readonly Rival[] = [
    { id: 'GitHub.copilot', ...COPILOT },
    { id: BUILT_IN, ...COPILOT },
    { id: 'Continue.continue', name: 'Continue', off: { setting: 'continue.enableTabAutocomplete', value: false } },
    { id: 'ggml-org.llama-vscode', name: 'llama.vscode' },
    { id: 'Codeium.codeium', name: 'Windsurf' },
    { id: 'TabNine.tabnine-vscode', name: 'Tabnine' },
    { id: 'TabbyML.vscode-tabby', name: 'Tabby' },
    { id: 'Supermaven.supermaven', name: 'Supermaven' },
    { id: 'AmazonWebServices.amazon-q-vscode', name: 'Amazon Q' },
    { id: 'Google.geminicodeassist', name: 'Gemini Code Assist' },
    { id: 'sourcegraph.cody-ai', name: 'Cody' },
    { id: 'rjmacarthy.twinny', name: 'twinny' },
    { id: 'ex3ndr.llama-coder', name: 'Llama Coder' },
    { id: 'Augment.vscode-augment', name: 'Augment' },
    { id: 'Alibaba-Cloud.tongyi-lingma', name: 'Lingma' },
];

export interface Surroundings {
    isActive(id: string): boolean;
    /** The value of a setting, undefined when there is none of this name. */
    setting(name: string): unknown;
    /** To GitHub, in VS Code. */
    readonly signedIn: boolean;
}

/** Those at work in documents of `language`, each name once. */
export function rivalsIn(language: string, { isActive, setting, signedIn }: Surroundings): Rival[] {
    const isOff = ({ off }: Rival): boolean => {
        const value = off && setting(off.setting);
        return typeof value === 'object' ? !isOn((value ?? {}) as Record<string, boolean>, language) : value === false;
    };
    const atWork = RIVALS.filter((rival) => isActive(rival.id) && (rival.id !== BUILT_IN || signedIn) && !isOff(rival));
    return [...new Map(atWork.map((rival) => [rival.name, rival])).values()];
}
