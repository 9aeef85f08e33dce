/** A command of the server's that takes long: it reports how far it is, and can be cancelled. */
import type { CancellationToken, Progress } from 'vscode';
import {
    ExecuteCommandRequest,
    WorkDoneProgress,
    WorkDoneProgressCancelNotification,
    type LanguageClient,
    type ProgressToken,
} from 'vscode-languageclient/node';

/** Tells the progress of our commands from that of the model's loading, which the server begins. */
const PREFIX = 'copilotLsp.command:';

export const isOfCommand = (token: ProgressToken): boolean => String(token).startsWith(PREFIX);

type Report = Progress<{ message?: string; increment?: number }>;

/** The answer comes after a cancellation as well: the server says what became of the work. */
export async function execute<T>(
    client: LanguageClient,
    command: string,
    argument: object,
    report: Report,
    cancellation: CancellationToken,
): Promise<T> {
    const token = PREFIX + crypto.randomUUID();
    let percentage = 0;
    const progress = client.onProgress(WorkDoneProgress.type, token, (now) => {
        if (now.kind === 'end') return;
        const increment = Math.max((now.percentage ?? percentage) - percentage, 0);
        percentage += increment;
        report.report({ increment, ...(now.message ? { message: now.message } : {}) });
    });
    const cancel = cancellation.onCancellationRequested(() => {
        client.sendNotification(WorkDoneProgressCancelNotification.type, { token }).catch(() => undefined);
    });
    try {
        const params = { command, arguments: [argument], workDoneToken: token };
        return (await client.sendRequest(ExecuteCommandRequest.type, params)) as T;
    } finally {
        cancel.dispose();
        progress.dispose();
    }
}
