"""The order in which a shared engine works on what its clients ask."""

from __future__ import annotations

from copilot_lsp.engine.base import InfillRequest
from copilot_lsp.engine.shared.turns import PATIENCE, Turn, Turns


def turn(client: int, id: int = 1, background: bool = False) -> Turn:
    return Turn(client, id, InfillRequest("d", "a.py", "", "", background=background))


def order(turns: Turns) -> list[tuple[int, int]]:
    """Each is answered before the next begins."""
    found = []
    while chosen := turns.next():
        found.append((chosen.client, chosen.id))
        turns.end(chosen)
    return found


def filled(*waiting: Turn) -> Turns:
    turns = Turns()
    for each in waiting:
        turns.add(each)
    return turns


def test_one_at_a_time() -> None:
    turns = filled(turn(1, 1), turn(1, 2))
    first = turns.next()
    assert first is not None
    assert turns.next() is None
    turns.end(first)
    assert turns.next() is not None


def test_the_client_that_asked_last_goes_first_and_its_own_requests_keep_their_order() -> None:
    turns = filled(turn(1, 1), turn(2, 1), turn(1, 2), turn(2, 2))
    assert order(turns) == [(2, 1), (2, 2), (1, 1), (1, 2)]


def test_background_work_is_last_whoever_wants_it() -> None:
    turns = filled(turn(2, 1, background=True), turn(1, 1), turn(2, 2, background=True), turn(1, 2))
    assert order(turns) == [(1, 1), (1, 2), (2, 1), (2, 2)]


def test_background_work_moves_no_focus() -> None:
    turns = filled(turn(1, 1), turn(2, 1), turn(1, 2, background=True))
    assert turns.focused == 2


def test_what_somebody_waits_for_begins_beside_background_work_which_gives_way() -> None:
    turns = filled(turn(1, 1, background=True))
    ahead = turns.next()
    turns.add(turn(2, 1))
    asked = turns.next()
    assert (ahead and ahead.client, asked and asked.client) == (1, 2)
    turns.add(turn(1, 2, background=True))
    assert turns.next() is None


def test_nobody_waits_for_ever_while_another_types() -> None:
    turns = filled(turn(1, 0))
    served = []
    for id in range(20):
        turns.add(turn(2, id))
        chosen = turns.next()
        assert chosen is not None
        served.append(chosen.client)
        turns.end(chosen)
    assert served.index(1) == PATIENCE
    assert served.count(2) == 19


def test_a_request_that_is_not_wanted_any_more_is_found_and_taken_out() -> None:
    turns = filled(turn(1, 1), turn(2, 1))
    found = turns.find(1, 1)
    assert found is not None
    turns.end(found)
    assert order(turns) == [(2, 1)]
    assert turns.find(1, 1) is None
    assert turns.of(1) == []
