"""A module per measure: what is timed, and its yardstick."""

from bench.measures import (
    acting,
    console,
    enduring,
    growth,
    hints,
    lag,
    mirror_write,
    polling,
    reading,
    searching,
    serving,
)

#: In the order in which they run.
MEASURES = {
    "mirror-write": mirror_write.measure,
    "reading": reading.measure,
    "growth": growth.measure,
    "search": searching.measure,
    "console": console.measure,
    "acting": acting.measure,
    "polling": polling.measure,
    "serving": serving.measure,
    "lag": lag.measure,
    "hints": hints.measure,
    "enduring": enduring.measure,
}
