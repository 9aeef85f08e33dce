"""Installs the server into an environment of its own, with a llama.cpp that works on this machine.

Standard library only: `scripts/setup.py` runs it in a clone, and `install.py` wherever an editor's plugin carries it.
"""
