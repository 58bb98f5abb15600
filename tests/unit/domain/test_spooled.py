"""Objects in a spool are restored unchanged and in order."""

from hypothesis import given
from hypothesis import strategies as st

from core.domain.records.kinds import SESSION
from core.domain.records.outcomes import RecordRef
from core.domain.records.spooled import BLOCK, MAX_CACHED_BLOCKS, InMemorySpool, Spooled
from tests.support.builders import person


class CountingSpool(InMemorySpool):
    def __init__(self) -> None:
        super().__init__()
        self.written, self.read_again = 0, 0

    def write(self, block: bytes) -> int:
        self.written += 1
        return super().write(block)

    def read(self, number: int) -> bytes:
        self.read_again += 1
        return super().read(number)


@given(st.lists(st.text(), max_size=3 * BLOCK), st.lists(st.text(), max_size=BLOCK))
def test_two_lists_in_one_spool_stay_separate(one: list[str], two: list[str]) -> None:
    spool = InMemorySpool()
    first, second = Spooled[str](spool), Spooled[str](spool)
    for number in range(max(len(one), len(two))):
        for spooled, items in ((first, one), (second, two)):
            if number < len(items):
                assert spooled.append(items[number]) == number
    assert ([*first], [*second]) == (one, two)
    assert [first[number] for number in range(len(one))][::-1] == one[::-1]
    assert (len(first), len(second)) == (len(one), len(two))


def test_few_objects_are_not_written() -> None:
    spool = CountingSpool()
    spooled = Spooled[int](spool)
    for number in range(BLOCK - 1):
        spooled.append(number)
    assert [*spooled] == [*range(BLOCK - 1)]
    assert spool.written == 0


def test_the_last_block_read_is_cached() -> None:
    spool = CountingSpool()
    spooled = Spooled[int](spool)
    for number in range((MAX_CACHED_BLOCKS + 1) * BLOCK):
        spooled.append(number)
    for number in (0, 1, BLOCK, 2, BLOCK + 1):
        assert spooled[number] == number
    assert spool.read_again == 2
    assert [*spooled] == [*range((MAX_CACHED_BLOCKS + 1) * BLOCK)]
    assert spooled[0] == 0


def test_a_record_is_restored_with_its_kind() -> None:
    spooled = Spooled[object](InMemorySpool())
    ada = person("ada")
    for _ in range(BLOCK // 2):
        spooled.append(RecordRef(SESSION, ada.id, "A talk"))
        spooled.append(ada)
    record = spooled[0]
    assert isinstance(record, RecordRef)
    assert record.kind is SESSION
    assert (record, spooled[1]) == (RecordRef(SESSION, ada.id, "A talk"), ada)
