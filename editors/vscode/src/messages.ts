/** Messages of the server to the user; what it says to do in a terminal is a button here. */
import { commands, window } from 'vscode';
import { MessageType, ShowMessageNotification, type LanguageClient } from 'vscode-languageclient/node';

import { command } from './menu.ts';
import { modelToPull } from './registry.ts';
import { t } from './words.ts';

/** Takes the place of the client's own handler. */
export function showMessages(client: LanguageClient): void {
    client.onNotification(ShowMessageNotification.type, async ({ type, message }) => {
        const get = t('Get the Model');
        const choice = await show(type)(message, ...(modelToPull(message) ? [get] : []));
        if (choice === get) await commands.executeCommand(command.getModel);
    });
}

function show(type: MessageType): (message: string, ...choices: string[]) => Thenable<string | undefined> {
    if (type === MessageType.Error) return window.showErrorMessage;
    return type === MessageType.Warning ? window.showWarningMessage : window.showInformationMessage;
}
