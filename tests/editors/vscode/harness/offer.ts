/** The one offer of a better model, which comes once the model that came along has completed something. */
import { answered, offers, sent, type Run } from './record.ts';
import { until } from './wait.ts';
import type { World } from './world.ts';

const LIST = 'copilotLsp.models.list';

/** Waits for the offer, where the server recommends a model on this machine, and declines it for ever. */
export async function decline({ editor }: World, run: Run): Promise<void> {
    if (!offers(run, LIST)) return;
    const isAsked = () => sent(run, 'workspace/executeCommand').some(({ command }) => command === LIST);
    await until('a list of models', isAsked);
    const { models, recommendation } = await until('the answer', () => answered(run, 'workspace/executeCommand', LIST));
    const active = models.find((model: { active: boolean }) => model.active);
    if (!recommendation || recommendation.name === active?.name) return;
    await editor.untilNotified(`For this machine ${recommendation.name} is recommended`);
    await editor.press("Don't Ask Again");
}
