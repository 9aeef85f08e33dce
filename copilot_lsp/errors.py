"""All errors that this package raises deliberately.

    CopilotLspError
    ├── UsageError            the caller asked for something that cannot be (exit code 2)
    ├── ModelError            the model cannot be had
    │   ├── ModelMissing      not on this machine; says which command gets it
    │   ├── ModelCorrupt      checksum or format is wrong
    │   ├── DownloadFailed
    │   └── DiskFull
    ├── RecordLost            what `eval` has done so far can no longer be written down
    └── EngineError           the engine cannot answer
        ├── EngineDied        its process ended while it worked on this request
        ├── EngineFailed      it died too often, or never became ready; it is not started again by itself
        └── RemoteFailed      an engine on another machine did not answer; another may

The text of each is one line that a user can act on.
"""


class CopilotLspError(Exception):
    """Base of all; `exit_code` is what the command line returns."""

    exit_code = 1


class UsageError(CopilotLspError):
    exit_code = 2


class ModelError(CopilotLspError):
    pass


class ModelMissing(ModelError):
    pass


class ModelCorrupt(ModelError):
    pass


class DownloadFailed(ModelError):
    pass


class DiskFull(ModelError):
    pass


class RecordLost(CopilotLspError):
    pass


class EngineError(CopilotLspError):
    pass


class EngineDied(EngineError):
    pass


class EngineFailed(EngineError):
    pass


class RemoteFailed(EngineError):
    pass
