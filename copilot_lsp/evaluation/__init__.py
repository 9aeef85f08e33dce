"""Evaluation: cases with a known answer, run through the real pipeline, scored and compared.

    case      a hole in a text, and what stood there; suites, replay, holes: where cases come from
    runner    answers cases with one engine; record: what is done already, to go on from
    score     one answer against the truth; measures: a run's numbers; statistics: how sure they are
    sandbox   runs completed programs (guard: the part that runs inside)
    table, html, plots, results: what a run says

Nothing here knows argparse; `cli/eval.py` does.
"""
