"""Keeps published benchmarks out of the corpus: by the names of their functions and by 10-word overlap.

The names below are those of HumanEval (and so of HumanEval-Infilling and its translations) that no other program
is likely to define. Where the text of a benchmark is at hand, `overlap_index` takes its prompts and solutions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from training.words import words

NAMES = words(
    """has_close_elements separate_paren_groups truncate_number below_zero mean_absolute_deviation
    parse_nested_parens filter_by_substring sum_product rolling_max make_palindrome string_xor
    all_prefixes string_sequence count_distinct_characters parse_music how_many_times sort_numbers
    find_closest_elements rescale_to_unit filter_integers remove_duplicates flip_case filter_by_prefix
    largest_divisor greatest_common_divisor sort_third triples_sum_to_zero car_race_collision incr_list
    pairs_sum_to_zero change_base triangle_area fib4 remove_vowels below_threshold same_chars
    correct_bracketing derivative fibfib vowels_count circular_shift digitSum fruit_distribution
    strange_sort_list will_it_fly smallest_change total_match is_multiply_prime is_simple_power iscube
    hex_key decimal_to_binary is_happy numerical_letter_grade prime_length starts_one_ends anti_shuffle
    get_row sort_array next_smallest is_bored any_int encode_message skjkasdkd check_dict_case
    count_up_to closest_integer make_a_pile words_string choose_num rounded_avg unique_digits by_length
    even_odd_palindrome count_nums move_one_ball odd_count minSubArraySum max_fill select_words
    get_closest_vowel match_parens valid_date split_words is_sorted is_equal_to_sum_even
    special_factorial fix_spaces file_name_check words_in_sentence x_or_y double_the_difference
    Strongest_Extension cycpattern_check even_odd_count int_to_mini_roman right_angle_triangle find_max
    do_algebra string_to_md5 generate_integers minPath tri specialFilter get_max_triples bf
    sorted_list_sum compare_one order_by_points intersperse largest_prime_factor sum_to_n is_palindrome
    get_positive is_nested sum_squares can_arrange"""
)
# One name of three or more words, or this many of any, gives a file away.
SUSPICIOUS = 3

_MARKS = ("humaneval", "human_eval", "mbpp", "safim", "crosscodeeval", "canonical_solution")
_DEFINED = re.compile(r"\b(?:def|function|func|fn)\s+(\w+)")
_WORD = re.compile(r"\w+|[^\w\s]")
OVERLAP_WORDS = 10


Run = tuple[str, ...]


def overlap_index(files: Iterable[Path]) -> frozenset[Run]:
    """Every 10-word run that tells something in the texts of benchmark files (JSON lines; any string values count)."""
    return frozenset(run for file in files for text in _texts(file) for run in _runs(text) if _tells(run))


def _texts(file: Path) -> Iterator[str]:
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.strip():
            yield from (value for value in json.loads(line).values() if isinstance(value, str))


def _runs(text: str) -> Iterator[Run]:
    words = _WORD.findall(text)
    return (tuple(words[n : n + OVERLAP_WORDS]) for n in range(len(words) - OVERLAP_WORDS + 1))


def _tells(run: Run) -> bool:
    """Whether at least five of the ten are different words, not only punctuation."""
    return len({word for word in run if word[0].isalnum()}) >= 5


def contaminated(text: str, index: frozenset[Run] = frozenset()) -> bool:
    """Whether a file holds (part of) a published benchmark."""
    named = NAMES.intersection(_DEFINED.findall(text))
    if len(named) >= SUSPICIOUS or any(name.count("_") >= 2 for name in named):
        return True
    lower = text.lower()
    if any(mark in lower for mark in _MARKS):
        return True
    return bool(index) and not index.isdisjoint(_runs(text))
