"""Peers in the typing simulation: what they do, told from their published sources, against their own engines.

server    llama-server, built from the llama.cpp that llama-cpp-python's source package carries
window    what llama.vim sends of a file, and what it shows of an answer; pure
llama_vim when it asks: one request at a time, a cache that looks back, a request ahead of the suggestion
"""
