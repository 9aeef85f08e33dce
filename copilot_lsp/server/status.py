"""The server's status, as shown to the user."""

from __future__ import annotations

from dataclasses import asdict

from copilot_lsp import endpoints
from copilot_lsp.engine.base import EngineState, EngineStatus
from copilot_lsp.engine.shared.alone import why_alone
from copilot_lsp.server.session import LOADING, Session
from copilot_lsp.server.statistics import Statistics
from copilot_lsp.silence import Reason, Silence

FAILURES = (EngineState.FAILED, EngineState.ABSENT)


def status_of(session: Session) -> dict[str, object]:
    """The payload of `didChangeStatus`."""
    engine = session.engine.status
    kind, message = _judged(session, engine)
    return {
        "kind": kind,
        "busy": engine.state in LOADING or session.waiting > 0,
        "message": message,
        "state": str(engine.state) if session.settings.enabled else "disabled",
        "model": engine.model,
        "remote": engine.remote,
        "waitingHosts": waiting_hosts(session),
        "safeMode": engine.safe_mode,
        "enginePid": engine.pid,
        "sharedBy": engine.clients,
        "notShared": why_alone(engine, session.settings.engine),
        "profile": asdict(session.profile),
        "lastLatencyMs": session.last.milliseconds and round(session.last.milliseconds),
        "lastSilence": _last_silence(session),
        "index": asdict(session.knowledge.status),
        "statistics": _counts(session.recorder.statistics()),
    }


def statistics_of(session: Session) -> dict[str, object]:
    """The answer to `copilotLsp/statistics`; `since` is ISO 8601 in UTC, times are in milliseconds.

    `tokens` counts what the engine did since it was started last.
    """
    found = session.recorder.statistics()
    silences = {str(reason): count for reason, count in found.silences.items()}
    return {
        "since": found.since.isoformat(timespec="seconds"),
        **_counts(found),
        "silences": silences,
        "sources": found.sources,
        "tokens": asdict(session.engine.spent),
    }


def waiting_hosts(session: Session) -> list[str]:
    """Hosts that nothing is sent to because the user has neither allowed nor declined them."""
    return [host for host in endpoints.not_allowed(session.settings.remote) if host not in session.declined]


def _counts(found: Statistics) -> dict[str, object]:
    return {
        "offered": found.offered,
        "shown": found.shown,
        "accepted": found.accepted,
        "partiallyAccepted": found.partially_accepted,
        "savedKeys": found.saved_keys,
        "latencyP50Ms": found.latency_p50_ms and round(found.latency_p50_ms),
        "latencyP95Ms": found.latency_p95_ms and round(found.latency_p95_ms),
    }


def _judged(session: Session, engine: EngineStatus) -> tuple[str, str]:
    """`kind` and `message`: what keeps completions from coming, most fundamental first."""
    if not session.settings.enabled:
        return "Inactive", Silence(Reason.DISABLED).message
    if engine.state in FAILURES:
        return "Error", engine.message
    if engine.state is EngineState.STOPPED:
        return "Inactive", engine.message
    if engine.state is EngineState.RESTARTING:
        return "Warning", engine.message
    if session.focused and (refusal := session.refusal(session.focused)):
        return "Inactive", refusal.message
    if hosts := waiting_hosts(session):
        are = "is" if len(hosts) == 1 else "are"
        return "Warning", f"{' and '.join(hosts)} {are} waiting for your permission; {engine.message}"
    unasked = engine.safe_mode and session.settings.engine.safe_mode != "on"
    return "Warning" if unasked else "Normal", engine.message


def _last_silence(session: Session) -> dict[str, str] | None:
    last = session.last
    if last.silence is None:
        return None
    return {"uri": last.uri, "reason": str(last.silence.reason), "message": last.silence.message}
