"""One model's answer to one case, before scoring."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """`text` is what would be inserted at the cursor, "" when there is nothing; `silence` is the reason then.

    `raw` is what the model wrote, and `trace` how probable each beginning of it was (`completion.gate`): thresholds
    are applied to these afterwards. `confidence` is the engine's (`engine.base.Done`).
    `milliseconds`: from the query to the answer, of a document that the engine has not seen before; None when the
    engine was not asked.
    `passed`: whether the completed program did what it should, None when that was not tried; `verdict` says why
    not. `failure`: why there is no answer at all (the engine crashed).
    """

    case: str
    text: str = ""
    silence: str = ""
    shape: str = ""
    confidence: float | None = None
    prompt_tokens: int = 0
    tokens: int = 0
    end: str = ""
    milliseconds: float | None = None
    passed: bool | None = None
    verdict: str = ""
    failure: str = ""
    raw: str = ""
    trace: tuple[tuple[int, float], ...] = ()
