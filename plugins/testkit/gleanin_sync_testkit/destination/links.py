"""Requirements: share links and e-mail addresses of people."""

from core.domain.records.synced_records import presentable
from gleanin_sync_testkit.destination.base import ID, DestinationSuiteBase, new_event, read_all
from gleanin_sync_testkit.destination.rig import Rig
from gleanin_sync_testkit.destination.samples import sample
from gleanin_sync_testkit.requirements import requirement


class LinkTests(DestinationSuiteBase):
    @requirement(
        "Share links are listed with the person, and only safe ones would be shown",
        rule=30,
        needs=("has_share_links",),
    )
    async def test_links(self, rig: Rig) -> None:
        event = new_event(rig)
        safe = f"https://{rig.stand_in.link_host}/share/7?a=b"
        unsafe = (
            f"http://{rig.stand_in.link_host}/share/7",
            "https://elsewhere.example.net/share/7",
            f"https://{rig.stand_in.link_host}@elsewhere.example.net/",
        )
        async with self.opened(rig) as destination:
            for kind, _ in self.people(rig):
                created = await destination.create(event, kind, ID, sample(kind))
                (listed,) = await read_all(destination, event, kind)
                assert not listed.links, f"A {kind} without links is listed with {listed.links}"
                for url in (safe, *unsafe):
                    rig.stand_in.add_link(created, url)
                (listed,) = await read_all(destination, event, kind)
                urls = [link.url for link in listed.links or ()]
                assert safe in urls, f"The {kind} has the share link {safe}, but is listed with {urls}"
                shown = [link.url for link in presentable(listed.links or (), destination.link_hosts)]
                assert shown == [safe], (
                    f"Of the links {urls}, only {safe} may be shown, but with link_hosts "
                    f"{sorted(destination.link_hosts)} these would be: {shown}"
                )
                assert all(link.title for link in listed.links or ()), "A share link needs a title"

    @requirement("The hosts of share links are host names in lower case", rule=30)
    async def test_link_hosts(self, rig: Rig) -> None:
        async with self.opened(rig) as destination:
            for host in destination.link_hosts:
                is_host = host == host.lower() and not set(host) & set(":/@?# *") and "." in host
                assert is_host, f"link_hosts has {host!r}, which is no host name in lower case"

    @requirement("People are listed with their e-mail addresses", rule=19, needs=("tells_emails",))
    async def test_emails(self, rig: Rig) -> None:
        event = new_event(rig)
        async with self.opened(rig) as destination:
            for kind, _ in self.people(rig):
                theirs = rig.stand_in.add_contact(event, kind.name, "Somebody.Else@example.org")
                ours = await destination.create(event, kind, ID, sample(kind))
                listed = {str(record.id): record for record in await read_all(destination, event, kind)}
                assert {theirs, ours} == {*listed}, (
                    f"Two of the {kind.plural} exist, but {[*listed]} are listed"
                )
                found = listed[ours].email, listed[theirs].email
                assert found == (sample(kind)["email"], "Somebody.Else@example.org"), (
                    f"The e-mails of two {kind.plural} are listed as {found}"
                )
                assert not listed[theirs].external_id, (
                    f"A contact of somebody else's is listed with the external id {listed[theirs].external_id!r}"
                )
