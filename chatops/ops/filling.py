"""The progress bar over a backfill: how far, how fast, how long still, as far as that is known."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

Progress = Callable[[int, int | None], None]


@contextmanager
def progress_bar(*, shown: bool) -> Iterator[Progress]:
    """A function that takes sessions done so far and the estimated total (None: not known)."""
    with tqdm(total=None, unit=" sessions", desc="backfill", disable=not shown) as bar:

        def moved(done: int, total: int | None) -> None:
            if total is not None and bar.total != max(total, done):
                bar.total = max(total, done)
            bar.update(done - bar.n)

        yield moved
