/** The one offer of a better model, which comes once the model that came along has completed something. */
import { answered, offers, runs, sent, type Run } from './record.ts';
import { until } from './wait.ts';
import type { World } from './world.ts';

const LIST = 'copilotLsp.models.list';

/**
 * Waits for the offer, where the server recommends a model on this machine, and declines it for ever. A window asks once:
 * if it asked a server that ran before `run`, there is nothing to decline.
 */
export async function decline({ editor, records }: World, run: Run): Promise<void> {
    if (!offers(run, LIST)) return;
    const isAsked = (each: Run) => sent(each, 'workspace/executeCommand').some(({ command }) => command === LIST);
    const asked = await until('a list of models', () => runs(records).find(isAsked));
    if (asked.pid !== run.pid) return;
    const { models, recommendation } = await until('the answer', () => answered(run, 'workspace/executeCommand', LIST));
    const active = models.find((model: { active: boolean }) => model.active);
    if (!recommendation || recommendation.name === active?.name) return;
    await editor.untilNotified(`For this machine, ${recommendation.name} is recommended`);
    await editor.press("Don't Ask Again");
}
