"""What the sandbox's Gleanin accepts of the types of installed kinds."""

from entrypoints.sandbox.schemas import SCHEMAS, AcceptedSchema


def test_a_list_of_a_further_kind_is_a_list_of_texts() -> None:
    schema = SCHEMAS["exhibitors"].extended(["groups", "shift"], frozenset({"groups"}))

    def problems(**given: object) -> list[str]:
        return [problem for _, problem in schema.error_details(given, creating=False)]

    assert problems(groups=["Sponsors"], shift="Early") == []
    assert problems(groups="Sponsors") == ["groups must be a list of strings"]
    assert problems(shift=["Early"]) == ["shift must be a string"]
    assert schema.unset()["groups"] == []


def test_a_type_of_its_own_requires_what_its_kind_requires() -> None:
    schema = AcceptedSchema.of_attributes(["whole_name", "badges"], {"whole_name"}, frozenset({"badges"}))
    own = {"event_id": 1, "external_idx": "a"}
    assert schema.error_details({**own, "whole_name": "Hana", "badges": []}, creating=True) == []
    assert [problem for _, problem in schema.error_details(own, creating=True)] == ["whole_name is missing"]
