/** Waiting for something to become true; no fixed pauses. */

/** For what takes a second on an idle machine: it may be a busy one. */
export const PATIENCE_MS = 60_000;

/** Polls until `probe` gives something truthy. Throws an Error that names `what`, and the last value. */
export async function until<T>(what: string, probe: () => T | Promise<T>, ms = PATIENCE_MS): Promise<NonNullable<T>> {
    const end = Date.now() + ms;
    for (;;) {
        const value = await probe();
        if (value) return value;
        if (Date.now() > end) throw new Error(`waited ${ms} ms for ${what}; last: ${JSON.stringify(value)}`);
        await pause(30);
    }
}

/** Polls until `probe` gives `wanted`. Throws an Error that shows both. */
export async function equals<T>(wanted: T, probe: () => T | Promise<T>, ms = PATIENCE_MS): Promise<void> {
    const end = Date.now() + ms;
    for (;;) {
        const value = await probe();
        if (JSON.stringify(value) === JSON.stringify(wanted)) return;
        if (Date.now() > end) throw new Error(`wanted ${JSON.stringify(wanted)}, got ${JSON.stringify(value)} after ${ms} ms`);
        await pause(30);
    }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
