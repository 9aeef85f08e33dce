"""The reasons for an empty result, and their messages."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Stable identifiers; `MESSAGES` has the texts for users."""

    DISABLED = "disabled"
    DISABLED_LANGUAGE = "disabled-language"
    EXCLUDED_FILE = "excluded-file"
    IN_COMMENT = "in-comment"
    IN_STRING = "in-string"
    ON_BATTERY = "on-battery"
    MID_WORD = "mid-word"
    TEXT_TO_THE_RIGHT = "text-to-the-right"
    NOT_OPEN = "not-open"
    MODEL_LOADING = "model-loading"
    NO_MODEL = "no-model"
    ENGINE_RESTARTING = "engine-restarting"
    ENGINE_FAILED = "engine-failed"
    SUPERSEDED = "superseded"
    TIMED_OUT = "timed-out"
    EMPTY = "empty"
    WHITESPACE_ONLY = "whitespace-only"
    REPEATS_SUFFIX = "repeats-suffix"
    REPETITION = "repetition"
    BREAKS_SYNTAX = "breaks-syntax"
    LOW_CONFIDENCE = "low-confidence"


MESSAGES: dict[Reason, str] = {
    Reason.DISABLED: "completion is turned off",
    Reason.DISABLED_LANGUAGE: "completion is turned off for this language",
    Reason.EXCLUDED_FILE: "this file is excluded",
    Reason.IN_COMMENT: "completion is turned off in comments",
    Reason.IN_STRING: "completion is turned off in strings",
    Reason.ON_BATTERY: "completion is turned off while this machine runs on its battery",
    Reason.MID_WORD: "the cursor is inside a word",
    Reason.TEXT_TO_THE_RIGHT: "there is code to the right of the cursor",
    Reason.NOT_OPEN: "the document is not open in the server",
    Reason.MODEL_LOADING: "the model is still loading",
    Reason.NO_MODEL: "there is no model on this machine",
    Reason.ENGINE_RESTARTING: "the engine is restarting",
    Reason.ENGINE_FAILED: "the engine has stopped",
    Reason.SUPERSEDED: "a newer request took over",
    Reason.TIMED_OUT: "the model was too slow",
    Reason.EMPTY: "the model had nothing to add",
    Reason.WHITESPACE_ONLY: "the model had only white space to add",
    Reason.REPEATS_SUFFIX: "the model repeated the text after the cursor",
    Reason.REPETITION: "the model repeated itself",
    Reason.BREAKS_SYNTAX: "the suggestion would have broken the syntax",
    Reason.LOW_CONFIDENCE: "the model was not confident enough",
}


@dataclass(frozen=True, slots=True)
class Silence:
    reason: Reason
    detail: str = ""

    @property
    def message(self) -> str:
        text = MESSAGES[self.reason]
        return f"{text}: {self.detail}" if self.detail else text
