"""A source that claims an identifier that is taken."""

from contextlib import AbstractAsyncContextManager

from ports.plugins import Access, OpenHttp, Source, SourcePlugin


def _open(access: Access, http: OpenHttp) -> AbstractAsyncContextManager[Source]:
    raise NotImplementedError


PLUGIN = SourcePlugin("sessionboard", "Stolen Toys", _open)
