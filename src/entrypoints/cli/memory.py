"""How the process treats its memory: when garbage is collected, and what goes back to the system."""

import gc
from contextlib import suppress

GARBAGE_THRESHOLDS = (50_000, 20, 100)
"""Objects until the first generation is collected, and collections until the next ones are."""
M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8


def collect_garbage_rarely() -> None:
    """Make the garbage collector run less often.

    Imports create no garbage, and collecting during them takes a tenth of the start-up time; a sync creates many
    objects that live until its end. Reference counting frees the rest.
    """
    gc.set_threshold(*GARBAGE_THRESHOLDS)


def keep_loaded_modules() -> None:
    """Make the garbage collector leave out what is loaded so far.

    Modules stay until the end: scanning them repeatedly, together with the objects of a sync, takes a fifth of its time.
    """
    gc.freeze()


def return_freed_memory() -> None:
    """Make glibc return large blocks to the system as soon as they are freed; do nothing with other C libraries.

    By default glibc keeps large blocks once one was freed, and has a heap per thread, so a second large sync in the
    same process can reuse little of the first one's memory. For the numbers and names see mallopt(3).
    """
    import ctypes

    with suppress(OSError, AttributeError, TypeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_MMAP_THRESHOLD, 512 * 1024)
        mallopt(M_ARENA_MAX, 2)
