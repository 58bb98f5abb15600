"""A source of a distribution that brings a top-level package of the program, too."""

from contextlib import AbstractAsyncContextManager

from ports.plugins import Access, OpenHttp, Source, SourcePlugin


def _open(access: Access, http: OpenHttp) -> AbstractAsyncContextManager[Source]:
    raise NotImplementedError


PLUGIN = SourcePlugin("shadow", "Shadow Toys", _open)
