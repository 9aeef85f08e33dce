/** What a report of a fault needs: versions, state, reasons; no code and no name of a document. Pure. */
import type { State } from './view.ts';

export interface Versions {
    readonly extension: string;
    readonly editor: string;
    readonly platform: string;
}

/** Markdown. `doctor`: what the server's own check printed. */
export function diagnostics(versions: Versions, { phase, status, here }: State, doctor: string): string {
    const facts = {
        'copilot-lsp extension': versions.extension,
        'VS Code': versions.editor,
        platform: versions.platform,
        server: phase,
        engine: status ? `${status.kind}, ${status.state}: ${status.message}` : 'unknown',
        'safe mode': String(status?.safeMode ?? 'unknown'),
        'other files': status?.index ? `${status.index.state}: ${status.index.message}` : 'unknown',
        language: here.language || 'none',
        enabled: String(here.enabled && !here.languageOff),
        trigger: here.automatic ? 'automatic' : 'manual',
        'last silence': status?.lastSilence ? `${status.lastSilence.reason}: ${status.lastSilence.message}` : 'none',
        statistics: JSON.stringify(status?.statistics ?? {}),
    };
    const lines = Object.entries(facts).map(([name, value]) => `- ${name}: ${value}`);
    return [...lines, '', '```', doctor, '```', ''].join('\n');
}
