"""One engine process for all servers of a user that want the same model with the same settings.

A server connects to the hub, or starts it; the hub supervises the engine process as a server does (`LocalEngine`).
"""
