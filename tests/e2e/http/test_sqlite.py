"""The database suites on SQLite."""

from tests.e2e.http.database_suites import ConcurrentRequestsSuite, StrangeTextSuite


class TestStrangeText(StrangeTextSuite):
    pass


class TestConcurrentRequests(ConcurrentRequestsSuite):
    pass
