"""What an editor may send as options, and what becomes of it."""

import math
from dataclasses import fields, is_dataclass

import pytest

from copilot_lsp.config import OPTIONS, describe, resolve
from copilot_lsp.settings import CompletionSettings, Settings


def _leaves(settings: object, prefix: str = "") -> set[str]:
    """Dotted snake_case names of all settings."""
    names: set[str] = set()
    for field in fields(settings):  # type: ignore[arg-type]
        value = getattr(settings, field.name)
        name = f"{prefix}{field.name}"
        names |= _leaves(value, f"{name}.") if is_dataclass(value) else {name}
    return names


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def test_every_setting_is_an_option() -> None:
    assert {_snake(option.name) for option in OPTIONS} == _leaves(Settings())


def test_nothing_sent_gives_the_defaults() -> None:
    assert resolve(None) == resolve({}) == resolve({"model": None})
    assert resolve(None).settings == Settings()


def test_the_defaults_are_allowed() -> None:
    sent = {name: schema["default"] for name, schema in describe().items()}
    sent = {name.removeprefix("copilotLsp."): value for name, value in sent.items()}
    assert resolve(sent).settings == Settings()
    assert resolve(sent).problems == ()


def test_values_reach_their_settings() -> None:
    sent = {
        "model": "/models/tiny.gguf",
        "disabledLanguages": ["markdown"],
        "exclude": ["*.gen.py", "!keep.gen.py"],
        "completion": {"multiline": "never", "maxLineTokens": 20.0, "confidence": 0.25},
        "engine.safeMode": "on",
    }
    resolved = resolve(sent)
    assert resolved.problems == resolved.unknown == ()
    settings = resolved.settings
    assert settings.model == "/models/tiny.gguf"
    assert settings.disabled_languages == frozenset({"markdown"})
    assert settings.exclude == ("*.gen.py", "!keep.gen.py")
    assert settings.completion == CompletionSettings(multiline="never", max_line_tokens=20, confidence=0.25)
    assert type(settings.completion.max_line_tokens) is int
    assert settings.engine.safe_mode == "on"


@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        ({"enabled": 1}, "copilotLsp.enabled must be true or false, not 1; true is used"),
        ({"model": ""}, 'copilotLsp.model must be a string that is not empty, not ""; "default" is used'),
        (
            {"completion": {"maxLineTokens": "many"}},
            'copilotLsp.completion.maxLineTokens must be a whole number from 1 to 1024, not "many"; 48 is used',
        ),
        (
            {"completion": {"maxLineTokens": 0}},
            "copilotLsp.completion.maxLineTokens must be a whole number from 1 to 1024, not 0; 48 is used",
        ),
        (
            {"completion": {"candidates": True}},
            "copilotLsp.completion.candidates must be a whole number from 1 to 10, not true; 3 is used",
        ),
        (
            {"completion": {"confidence": math.nan}},
            "copilotLsp.completion.confidence must be a number from 0 to 1, not NaN; 0.5 is used",
        ),
        (
            {"completion": {"multiline": "sometimes"}},
            'copilotLsp.completion.multiline must be one of "auto", "always", "never", not "sometimes"; "auto" is used',
        ),
        ({"exclude": "*.py"}, 'copilotLsp.exclude must be a list of gitignore patterns, not "*.py"; [] is used'),
        ({"exclude": ["[z-a]"]}, 'copilotLsp.exclude must be a list of gitignore patterns, not ["[z-a]"]; [] is used'),
        ({"disabledLanguages": [1]}, "copilotLsp.disabledLanguages must be a list of strings, not [1]; [] is used"),
        ({"engine": True}, "copilotLsp.engine must be an object with options, not true"),
        ([1], "copilotLsp must be an object with options, not [1]"),
    ],
)
def test_a_bad_option_is_named_and_left_as_it_was(sent: object, problem: str) -> None:
    resolved = resolve(sent)
    assert resolved.problems == (problem,)
    assert resolved.settings == Settings()


def test_one_bad_pattern_does_not_let_in_what_the_others_name() -> None:
    resolved = resolve({"exclude": ["[z-a]", "*.a"]})
    assert resolved.settings == Settings(exclude=("*.a",))
    assert resolved.problems == (
        'copilotLsp.exclude must be a list of gitignore patterns, not ["[z-a]", "*.a"]; ["*.a"] is used',
    )


def test_one_bad_option_costs_no_other() -> None:
    resolved = resolve({"enabled": "yes", "model": "small"})
    assert resolved.settings == Settings(model="small")
    assert len(resolved.problems) == 1


def test_a_bad_option_keeps_what_the_base_says() -> None:
    base = Settings(max_parse_bytes=7)
    resolved = resolve({"maxParseBytes": -1}, base)
    assert resolved.settings == base
    assert resolved.problems[0].endswith("7 is used")


def test_a_long_value_is_cut_in_the_message() -> None:
    (problem,) = resolve({"maxParseBytes": "x" * 1000}).problems
    assert len(problem) < 150


def test_unknown_names_are_no_problem() -> None:
    resolved = resolve({"colour": "red", "completion": {"colour": {"x": 1}}})
    assert resolved.unknown == ("copilotLsp.colour", "copilotLsp.completion.colour.x")
    assert resolved.problems == ()


def test_descriptions_are_json_schemas() -> None:
    described = describe()
    assert described["copilotLsp.completion.multiline"]["enum"] == ["auto", "always", "never"]
    assert described["copilotLsp.exclude"]["items"] == {"type": "string"}
    assert described["copilotLsp.completion.confidence"]["type"] == "number"
    for name, schema in described.items():
        assert schema["description"].endswith("."), name  # type: ignore[attr-defined]
        assert (schema["type"] in ("integer", "number")) == ("minimum" in schema), name


def test_an_empty_list_is_an_empty_object() -> None:
    """Lua sends `[]` for an empty table."""
    empty: tuple[object, ...] = ([], {"completion": []})
    for sent in empty:
        assert resolve(sent) == resolve({})
