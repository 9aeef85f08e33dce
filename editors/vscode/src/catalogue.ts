/** The models as the server lists them (docs/protocol.md), and as the user sees them. Pure. */
import { milliseconds } from './view.ts';
import { t } from './words.ts';

/**
 * `bytes`: of the file; 0: not known. `partBytes`: what a cancelled download left. `notice`: to be read before a
 * download. `expectedMs`: of a completion. `trimmable`: a quicker copy can be made; older servers do not say so.
 */
export interface Model {
    readonly name: string;
    readonly description?: string | null;
    readonly bytes: number;
    readonly partBytes?: number | null;
    readonly licence: string;
    readonly notice?: string | null;
    readonly present: boolean;
    readonly active: boolean;
    readonly fits: boolean;
    readonly memoryBytes: number;
    readonly contextTokens: number;
    readonly quality?: string | null;
    readonly recommended: boolean;
    readonly trimmable?: boolean | null;
    readonly expectedMs?: number | null;
    readonly expectedIsEstimate?: boolean | null;
    readonly path?: string | null;
    readonly source: 'shipped' | 'registry' | 'user';
}

/** `models` are sorted as a menu shows them. */
export interface Listing {
    readonly ok: true;
    readonly models: readonly Model[];
    readonly recommendation?: { readonly name: string; readonly why: string } | null;
}

/** `message` is one line for a person. */
export interface Refusal {
    readonly ok: false;
    readonly message: string;
    readonly cancelled?: boolean;
}

/** A model under the heading of its group. */
export interface ModelRow {
    readonly group: string;
    readonly label: string;
    readonly description: string;
    readonly detail: string;
    readonly model: Model;
}

export function rows({ models }: Listing): ModelRow[] {
    return models.map((model) => ({
        group: group(model),
        label: `$(${icon(model)}) ${model.name}`,
        description: listed(', ', sizeOf(model), model.licence, model.active && t('in use')),
        detail: listed('; ', model.description, model.notice, speed(model), memory(model), model.quality),
        model,
    }));
}

const listed = (between: string, ...facts: (string | false | null | undefined)[]): string => facts.filter(Boolean).join(between);

function sizeOf({ bytes, partBytes }: Model): string {
    const whole = bytes ? size(bytes) : '';
    return partBytes ? listed(', ', whole, t('{0} of it here', size(partBytes))) : whole;
}

function group({ present, recommended, fits }: Model): string {
    if (present) return t('On this machine');
    if (recommended) return t('Recommended for this machine');
    return fits ? t('Fit this machine') : t('Too large for this machine');
}

function icon({ active, present }: Model): string {
    if (active) return 'check';
    return present ? 'package' : 'cloud-download';
}

/** "about 0.4 s a completion"; '' when it is not known. */
export function speed({ expectedMs, expectedIsEstimate }: Model): string {
    if (expectedMs === undefined || expectedMs === null) return '';
    const time = milliseconds(expectedMs);
    return expectedIsEstimate ? t('about {0} a completion (estimated)', time) : t('{0} a completion', time);
}

function memory({ fits, memoryBytes }: Model): string {
    if (!memoryBytes) return '';
    return fits ? t('{0} of memory', size(memoryBytes)) : t('needs {0} of memory', size(memoryBytes));
}

export function size(bytes: number): string {
    return bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

/** The server refuses the others. */
export function isRemovable({ present, active, source }: Model): boolean {
    return present && !active && source !== 'shipped';
}

/** `offered`: the names of the models that a copy of was offered before, or NEVER. */
export function isCopyOffered({ models }: Listing, name: string, offered: readonly string[]): boolean {
    if (offered.includes(NEVER) || offered.includes(name)) return false;
    return models.some((model) => model.name === name && model.trimmable);
}

/** Instead of a name: never offer one. */
export const NEVER = '*';

/**
 * The model to offer to somebody who works with the one that came along.
 *
 * `running`: the name of the model at work. `offered`: what was offered before, a name or NEVER; the same model is not offered twice.
 */
export function modelToOffer({ models, recommendation }: Listing, running: string, offered: string | undefined): Model | undefined {
    if (offered === NEVER || !recommendation || recommendation.name === offered) return undefined;
    if (!models.some(({ name, active, source }) => active && source === 'shipped' && name === running)) return undefined;
    return models.find(({ name, active, fits }) => name === recommendation.name && !active && fits);
}

export function offerText(model: Model): string {
    const facts = listed(', ', sizeOf(model), t('licence {0}', model.licence), speed(model));
    const cost = model.present ? t('It is on this machine already.') : t('Nothing is downloaded until you choose to.');
    const text = t('The included small model is in use. For this machine, {0} is recommended ({1}).', model.name, facts);
    return `${text} ${cost}`;
}
