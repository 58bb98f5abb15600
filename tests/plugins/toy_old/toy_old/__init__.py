"""A source for another version of the plug-in API."""

from contextlib import AbstractAsyncContextManager

from ports.plugins import API_VERSION, Access, OpenHttp, Source, SourcePlugin


def _open(access: Access, http: OpenHttp) -> AbstractAsyncContextManager[Source]:
    raise NotImplementedError


PLUGIN = SourcePlugin("old", "Old Toys", _open, api_version=API_VERSION + 1)
