"""What a suite requires of a kind's names and words."""

import pickle
import re

from core.domain.records.kinds import ALL, KINDS, LAST_PHASE
from gleanin_sync_testkit.kind.base import KindBase
from gleanin_sync_testkit.requirements import requirement
from ports.plugins import API_VERSION

_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]{0,39}")
_WORDS = re.compile(r"[^\W\d_][^\n.:;]{0,39}")


class KindWords(KindBase):
    @requirement("Its name and its fields are lower-case identifiers")
    def test_names_are_identifiers(self) -> None:
        kind = self.plugin.kind
        for what, name in (
            ("name", kind.name),
            ("scope", kind.scope),
            ("feed's name", kind.feed.name),
            *(("field", field) for field in kind.fields),
        ):
            assert _IDENTIFIER.fullmatch(name), (
                f"The {what} {name!r} stands in commands, addresses and JSON: use a-z, 0-9 and _, beginning with a letter"
            )
        assert kind.scope != ALL, (
            f"The scope {ALL!r} covers all kinds: give it one of its own, such as its plural"
        )

    @requirement("Its words can stand in a sentence, and it says how a person announces taking part")
    def test_words_can_stand_in_a_sentence(self) -> None:
        kind = self.plugin.kind
        for what, words in (("singular", kind.singular), ("plural", kind.plural)):
            assert _WORDS.fullmatch(words), f'The {what} {words!r} stands in "1 … attempted": use plain words'
        if kind.is_person:
            assert _WORDS.fullmatch(kind.share_text), (
                f'share_text is {kind.share_text!r}: people announce themselves by it, before " at " and the event'
            )
            assert kind.portal_heading.strip(), (
                "`portal_heading` is empty: it is the heading of a person's portal page"
            )

    @requirement("It declares what it brings")
    def test_capabilities_agree(self) -> None:
        plugin, declared = self.plugin, self.capabilities
        for name, says, brings in (
            ("are_people", declared.are_people, plugin.kind.is_person),
            ("has_readers", declared.has_readers, bool(plugin.readers)),
            ("has_schemas", declared.has_schemas, bool(plugin.schemas)),
            ("has_settings", declared.has_settings, bool(plugin.kind.settings)),
            ("has_sandbox_rows", declared.has_sandbox_rows, bool(plugin.sandbox_rows)),
            ("has_page", declared.has_page, bool(plugin.page_label)),
        ):
            assert says == brings, (
                f"`capabilities` has {name}={says}, but the plug-in is otherwise: set {name}={brings}"
            )

    @requirement("No other kind has its name or its words")
    def test_no_other_kind_has_its_name_or_words(self) -> None:
        kind = self.plugin.kind
        others = [other for other in KINDS if other is not kind]
        assert kind.name not in [other.name for other in others], f"Another kind is called {kind.name!r}"
        words = {word: other for other in others for word in (other.plural, other.singular)}
        for word in (kind.plural, kind.singular):
            assert word not in words, f"{word!r} is what the kind {words[word].name!r} is called, too"
        feeds = {other.feed.name: other.feed for other in others}
        assert feeds.get(kind.feed.name, kind.feed) == kind.feed, f"Another feed is called {kind.feed.name!r}"

    @requirement("Each field is either required or optional, and people have an e-mail")
    def test_each_field_is_required_or_optional(self) -> None:
        kind = self.plugin.kind
        assert len(set(kind.fields)) == len(kind.fields), f"A field stands twice in {kind.fields}"
        assert kind.required, "A kind without a required field sends records without content"
        assert kind.is_person <= ("email" in kind.fields), "People are told apart by the field `email`"
        unknown = {*self.derived, *self.other_values} - {*kind.fields}
        assert not unknown, f"{unknown} in `derived` or `other_values` are no fields of the kind"

    @requirement("It is written in a phase that exists, and was made for this version of the seam")
    def test_phase_and_version(self) -> None:
        assert 1 <= self.plugin.kind.phase <= LAST_PHASE, (
            f"phase is {self.plugin.kind.phase}: use 1 for what people are associated with, otherwise {LAST_PHASE}"
        )
        assert self.plugin.api_version == API_VERSION

    @requirement("It can be sent to another process and is the same kind there")
    def test_pickles_as_itself(self) -> None:
        assert pickle.loads(pickle.dumps(self.plugin.kind)) is self.plugin.kind  # noqa: S301 - our own bytes
