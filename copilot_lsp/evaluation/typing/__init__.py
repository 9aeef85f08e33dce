"""A typing simulation in real time, which measures quality and latency together.

    places    what is to be typed, drawn from a folder; pairs: the brackets that an editor closes by itself
    page      the text while it is typed, and what each key does to it
    typist    which key comes next: a character, or one that takes what is suggested; and when
    screen    which suggestion is seen, and what becomes of it
    assistant what suggests: a language server over stdio (rpc, language_server), or a peer (in benchmarks/)
    session   types one place; bout: all places, the assistants by turns
    measures  a run's numbers with their intervals; table, html: what is said about them

Offsets are code points here, and line ends are `\\n`.
"""
