/** Says, once, that another extension completes as well, and how to leave it to one of them. */
import { authentication, commands, ConfigurationTarget, extensions, window, workspace, Disposable, type ExtensionContext, type TextDocument } from 'vscode';

import { activeDocument } from './documents.ts';
import { rivalsIn, type Rival } from './rivals.ts';
import { toggleEnabled } from './settings.ts';
import { current, onDidChangeState } from './state.ts';
import { t } from './words.ts';

/** In the global state: the names of those that the user was told of. */
const TOLD = 'rivals.told';

/** The id of VS Code's own authentication provider. */
const GITHUB = 'github';

let signedIn = false;

/** What is shown in `document` need not be ours. */
export const hasRival = (document: TextDocument): boolean => rivals(document).length > 0;

function rivals({ languageId }: TextDocument): Rival[] {
    return rivalsIn(languageId, {
        isActive: (id) => extensions.getExtension(id)?.isActive ?? false,
        setting: (name) => workspace.getConfiguration().get(name),
        signedIn,
    });
}

export function coexistence(context: ExtensionContext): Disposable {
    void lookForAccount();
    return Disposable.from(
        authentication.onDidChangeSessions(({ provider }) => provider.id === GITHUB && void lookForAccount()),
        onDidChangeState(() => {
            const document = activeDocument();
            const { phase, status, here } = current();
            const isAtWork = phase === 'running' && status?.state === 'ready' && here.enabled && !here.languageOff;
            if (document && isAtWork) void tell(context, rivals(document));
        }),
    );
}

/** Asks for no session, which would ask the user. VS Code has this function since 1.92. */
async function lookForAccount(): Promise<void> {
    const { getAccounts } = authentication as { getAccounts?: (provider: string) => Thenable<readonly unknown[]> };
    const accounts = await getAccounts?.(GITHUB).then((found) => found, () => []);
    signedIn = (accounts ?? []).length > 0;
}

async function tell(context: ExtensionContext, atWork: readonly Rival[]): Promise<void> {
    const told = context.globalState.get<readonly string[]>(TOLD, []);
    const rival = atWork.find(({ name }) => !told.includes(name));
    if (!rival) return;
    await context.globalState.update(TOLD, [...told, rival.name]);
    const { name, id, off } = rival;
    const text = t('copilot-lsp: {0} also completes here. VS Code shows only one of the two at a time.', name);
    const [theirs, ours] = [off ? t('Turn Off {0}', name) : t('Show {0}', name), t('Turn Off copilot-lsp')];
    const choice = await window.showInformationMessage(text, theirs, ours, t('Keep Both'));
    if (choice === ours) await toggleEnabled();
    if (choice !== theirs) return;
    if (off) await workspace.getConfiguration().update(off.setting, off.value, ConfigurationTarget.Global);
    else await commands.executeCommand('extension.open', id);
}
