/** When a server that ended by itself is started again. Pure. */

const WINDOW_MS = 3 * 60_000;
const DELAYS_MS = [0, 500, 2000, 8000];

/** `ends`: when it ended before (milliseconds). No `delay`: it ended too often within three minutes. */
export function nextRestart(ends: readonly number[], now: number): { ends: readonly number[]; delay: number | undefined } {
    const recent = ends.filter((end) => now - end < WINDOW_MS);
    return { ends: [...recent, now], delay: DELAYS_MS[recent.length] };
}
