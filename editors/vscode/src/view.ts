/** What the status bar item says, as a pure function of what is known. */
import type { IndexStatus, ServerStatus, Statistics } from './protocol.ts';
import { t } from './words.ts';

/** What the extension knows of the server's process. */
export type Phase = 'missing' | 'installing' | 'starting' | 'running' | 'stopped';

/** The active editor: `language` is '' without one; `workspaceOff`: turned off by the workspace, not the user. */
export interface Here {
    readonly language: string;
    readonly enabled: boolean;
    readonly workspaceOff: boolean;
    readonly languageOff: boolean;
    /** Completions come while the user types, not only when asked for. */
    readonly automatic: boolean;
}

export interface State {
    readonly phase: Phase;
    readonly status: ServerStatus | undefined;
    /** Of the model's loading, 0 to 100, while it is known. */
    readonly percent: number | undefined;
    readonly here: Here;
    /** Until completions come unasked again; 0: they do. */
    readonly snoozeMinutes: number;
}

export interface View {
    readonly icon: string;
    readonly text: string;
    /** Lines of plain text. */
    readonly details: readonly string[];
    readonly severity: 'normal' | 'warning' | 'error';
}

const NAME = 'copilot-lsp';

/** When the server was looked for: a search during an installation finds nothing yet, which is no news. */
export function phaseAfterSearch(found: boolean, installations: number): Phase {
    if (found) return 'starting';
    return installations > 0 ? 'installing' : 'missing';
}

/** Why no completion is seen. `suggests`: the editor shows inline suggestions. */
export function whyNothing({ phase, status, here, snoozeMinutes }: State, suggests: boolean): string {
    if (phase === 'missing') return t('There is no server yet: install it from the menu.');
    if (phase === 'installing') return t('The server is being installed.');
    if (phase === 'stopped') return t('The server has stopped: restart it from the menu.');
    if (!here.enabled) return here.workspaceOff ? t('Completions are turned off in this workspace.') : t('Completions are turned off.');
    if (!suggests) return t('VS Code shows no inline suggestions: turn on the setting editor.inlineSuggest.enabled.');
    if (here.languageOff) return t('Completions are turned off for {0}.', here.language);
    if (snoozeMinutes > 0) return snoozing(snoozeMinutes);
    if (phase === 'starting' || !status) return t('The server is starting.');
    if (!here.automatic && !status.lastSilence) return t('Completions come only when asked for: press Alt+\\.');
    if (status.lastSilence) return t('Nothing was shown because {0}.', status.lastSilence.message);
    if (status.kind !== 'Normal') return `${capitalised(status.message)}.`;
    return status.lastLatencyMs === null ? t('No completion has been requested yet.') : t('The last request was answered.');
}

export function view(state: State): View {
    const { phase, status, here, snoozeMinutes } = state;
    if (phase === 'missing') return problem('warning', t('server not found'), t('Click to install it or to set its path.'));
    if (phase === 'installing') return busy(t('installing'), t('The server is being installed.'));
    if (phase === 'stopped') return problem('error', t('stopped'), t('The server has stopped. Click to restart it.'));
    if (!here.enabled) return quiet(t('off'), here.workspaceOff ? t('Turned off in this workspace.') : t('Turned off.'));
    if (here.languageOff) return quiet(t('off here'), t('Turned off for {0}.', here.language));
    if (phase === 'starting' || !status) return busy(t('starting'), t('The server is starting.'));
    if (snoozeMinutes > 0) return quiet(t('snoozed, {0} min', snoozeMinutes), snoozing(snoozeMinutes));
    return ofServer(status, state.percent, here.automatic ? [] : [t('Completes only when asked: Alt+\\')]);
}

const snoozing = (minutes: number): string => t('Completions are snoozed: {0} minutes left. Press Alt+\\ to request one.', minutes);

/** 0 when the time has come. */
export function minutesLeft(until: number | undefined, now: number): number {
    return until === undefined ? 0 : Math.max(Math.ceil((until - now) / 60_000), 0);
}

function ofServer(status: ServerStatus, percent: number | undefined, further: readonly string[]): View {
    const lines = [...details(status), ...further];
    if (status.kind === 'Error') return problem('error', t('error'), ...lines);
    const loading = busyWord(status.state);
    if (loading) return busy(percent === undefined ? loading : `${loading} ${percent} %`, ...lines);
    if (status.kind === 'Warning') return problem('warning', t('warning'), ...lines);
    if (status.kind === 'Inactive') return quiet(t('off here'), ...lines);
    return { icon: status.busy ? 'loading~spin' : 'zap', text: NAME, details: lines, severity: 'normal' };
}

/** For states of the engine in which the user waits for it; '' for the others. */
function busyWord(state: string): string {
    if (state === 'starting') return t('loading');
    return state === 'restarting' ? t('restarting') : '';
}

function details(status: ServerStatus): string[] {
    return [
        capitalised(status.message),
        status.model && t('Model: {0}', status.model),
        sharing(status.sharedBy ?? 0, status.notShared ?? ''),
        status.safeMode ? t('Safe mode: slower kernels after a crash') : '',
        otherFiles(status.index),
        status.lastLatencyMs === null ? '' : t('Last answer: {0}', milliseconds(status.lastLatencyMs)),
        status.lastSilence ? t('Last empty result: {0}', status.lastSilence.message) : '',
    ].filter((line) => line !== '');
}

/** What the index of other files holds; '' where there is none. */
function otherFiles(index: IndexStatus | undefined): string {
    return index === undefined || index.state === 'off' ? '' : t('Other files: {0}', index.message);
}

/** `windows`: 0 where the engine is this window's own. */
function sharing(windows: number, why: string): string {
    if (windows === 0) return why && t('Engine: not shared: {0}', why);
    return windows === 1 ? t('Engine: shared, no other window uses it now') : t('Engine: shared by {0} windows', windows);
}

/** What became of the completions since the server started. */
export function counts({ shown, accepted, partiallyAccepted, savedKeys }: Statistics): string {
    return t('{0} shown, {1} accepted, {2} accepted in part, {3} keys saved', shown, accepted, partiallyAccepted, savedKeys);
}

/** The median and the 95th percentile; '' before the first completion. */
export function latency({ latencyP50Ms, latencyP95Ms }: Statistics): string {
    if (latencyP50Ms === null || latencyP95Ms === null) return '';
    return t('latency: median {0}, 95th percentile {1}', milliseconds(latencyP50Ms), milliseconds(latencyP95Ms));
}

/** "84 ms", "1.2 s". */
export function milliseconds(value: number): string {
    return value < 1000 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(1)} s`;
}

export function capitalised(text: string): string {
    return text.charAt(0).toUpperCase() + text.slice(1);
}

const problem = (severity: 'warning' | 'error', what: string, ...lines: string[]): View => ({
    icon: severity,
    text: `${NAME}: ${what}`,
    details: lines,
    severity,
});

const busy = (what: string, ...lines: string[]): View => ({
    icon: 'loading~spin',
    text: `${NAME}: ${what}`,
    details: lines,
    severity: 'normal',
});

const quiet = (what: string, ...lines: string[]): View => ({
    icon: 'circle-slash',
    text: `${NAME}: ${what}`,
    details: lines,
    severity: 'normal',
});
