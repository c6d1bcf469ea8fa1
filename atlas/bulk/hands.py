"""Who works on the chunks: this process, or the workers of a Dask cluster on this machine or on many.

Both call the same function on the same question, so that the files are the same to the byte. The workers hand the files
over; only the one who asks writes, and no more chunks are under way than twice the workers.
"""

from __future__ import annotations

import importlib
import itertools
import logging
from collections.abc import Iterator, Sequence
from typing import Any

from atlas.base.doors import missing_extra
from atlas.base.errors import AtlasError, ExportError
from atlas.base.files import code_hash
from atlas.bulk.folder import Folder, content_of
from atlas.bulk.question import Question

__all__ = ["by_dask", "here"]

_PATIENCE_S = 10


def here(question: Question, folder: Folder, numbers: Sequence[int]) -> Iterator[tuple[int, bytes]]:
    """Yield chunks and the content of their files, worked on by this process with all its cores.

    Parameters
    ----------
    question
        What is asked.
    folder
        Where the answer goes: its key, form and size of chunks.
    numbers
        Which chunks.
    """
    for number in numbers:
        yield _content(question, folder, number)


def by_dask(
    question: Question, folder: Folder, numbers: Sequence[int], *, scheduler: str = "", workers: int | None = None
) -> Iterator[tuple[int, bytes]]:
    """Yield chunks and the content of their files as the workers of a cluster finish them.

    Parameters
    ----------
    question, folder, numbers
        See :func:`here`.
    scheduler
        Address of a running scheduler; empty: a cluster of processes is started here for the time of the work.
    workers
        Processes of that cluster; None: one a core.

    Raises
    ------
    ExportError
        The extra ``dask`` is missing.
    AtlasError
        No scheduler answers, it has no workers, they run another version of the program, or one died of a chunk.
    """
    try:
        distributed: Any = importlib.import_module("distributed")
    except ModuleNotFoundError as reason:
        raise ExportError(missing_extra("distributed")) from reason
    logging.getLogger("distributed").setLevel(logging.ERROR)
    if scheduler:
        # a comm of another kind, an address that is none, a host that is silent
        try:
            client = distributed.Client(scheduler, timeout=_PATIENCE_S, set_as_default=False)
        except (OSError, ValueError) as reason:
            raise AtlasError(
                f"no Dask scheduler answers at {scheduler} ({reason}); start one with `dask scheduler`, "
                "or leave --scheduler out for workers on this machine"
            ) from reason
        with client:
            yield from _shared(distributed, client, question, folder, numbers)
        return
    with (
        distributed.LocalCluster(
            n_workers=workers, threads_per_worker=1, dashboard_address=None, silence_logs=logging.CRITICAL
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        yield from _shared(distributed, client, question, folder, numbers)


def _shared(
    distributed: Any, client: Any, question: Question, folder: Folder, numbers: Sequence[int]
) -> Iterator[tuple[int, bytes]]:
    hands = sum(client.nthreads().values())
    if not hands:
        raise AtlasError(f"the scheduler at {client.scheduler.address} has no workers; start some with `dask worker`")
    strange = sorted(where for where, code in client.run(code_hash).items() if code != code_hash())
    if strange:
        raise AtlasError(
            f"the workers {', '.join(strange)} run another version of atlas than this one; install the same on all"
        )
    held = client.scatter(question, broadcast=True, hash=False)
    waiting = iter(numbers)

    def handed_out(most: int) -> list[Any]:
        """Hand out as many chunks as `most`."""
        return [
            client.submit(_content, held, folder, number, pure=False, retries=1)
            for number in itertools.islice(waiting, most)
        ]

    under_way = distributed.as_completed(handed_out(2 * hands), loop=client.loop)
    for done in under_way:
        try:
            yield done.result()
        except distributed.KilledWorker as reason:
            raise AtlasError(
                f"a worker died of a chunk; it needs {question.worker_mb} MB beside Python and its packages: "
                "give workers more memory, or take a smaller --chunk"
            ) from reason
        done.release()
        under_way.update(handed_out(1))


def _content(question: Question, folder: Folder, number: int) -> tuple[int, bytes]:
    found = question.answer(number, folder.size)
    return number, content_of(found, question, folder.key, folder.form)
