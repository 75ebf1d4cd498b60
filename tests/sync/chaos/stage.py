"""How a run is set up: short intervals, and a SuperOffice that fails in every way a read can."""

from typing import Any

from tests.chaos.stage import SETTINGS

#: What takes hours in real life takes seconds here.
HURRIED = {
    "WEBHOOK_SECRETS": "the chaos' own secret",
    "SYNC_NEW_SECONDS": "1",
    "SYNC_OPEN_SECONDS": "1",
    "SYNC_TRANSFERS_SECONDS": "2",
    "SYNC_ENDED_SECONDS": "5",
    "SYNC_PEOPLE_SECONDS": "20",
    "SYNC_HOOK_SECONDS": "5",
    "SYNC_COMPLETE_SECONDS": "5",
    "SYNC_GONE_AFTER_SECONDS": "1",
    # Recently ended means the last half minute, not the last day: the run is not longer than that.
    "SYNC_ENDED_OVERLAP_SECONDS": "30",
    "SYNC_LEASE_SECONDS": "4",
    # All deletions of a run happen "at once".
    "MIRROR_MAX_GONE": "60",
    "LOG_LEVEL": "WARNING",
    "LOG_LEVEL_REMOTE": "ERROR",
}


def settings_for(url: str, *, web: int, sweep: float) -> dict[str, str]:
    """The environment of every process. `web`: the port that hints come to; `sweep`: seconds."""
    return {
        **SETTINGS,
        **HURRIED,
        "SUPEROFFICE_API_URL": url,
        "PUBLIC_URL": f"http://127.0.0.1:{web}",
        "SYNC_SWEEP_SECONDS": str(sweep),
    }


def faults() -> list[dict[str, Any]]:
    """About every tenth read fails, and every tenth answer is old when it comes."""
    reads: list[dict[str, Any]] = [
        {"kind": "status", "status": 503, "probability": 0.02},
        {"kind": "status", "status": 500, "probability": 0.01},
        {"kind": "drop_before", "probability": 0.01},
        {"kind": "html", "probability": 0.005},
        {"kind": "cut", "probability": 0.01},
        {"kind": "null", "path": r"ChatSession/\d+$", "probability": 0.005},
        {"kind": "all404", "path": r"ChatSession/\d+", "probability": 0.01},
        {"kind": "blank", "probability": 0.01},
        # Pages drift: the newest ids are given out, but not listed yet.
        {"kind": "hide_ids", "count": 2, "probability": 0.05},
        # An answer made now and delivered later: newer ones overtake it.
        {"kind": "stall", "seconds": 0.05, "probability": 0.05},
        {"kind": "stall", "seconds": 0.6, "probability": 0.01},
    ]
    return [{"method": "GET", **one} for one in reads]
