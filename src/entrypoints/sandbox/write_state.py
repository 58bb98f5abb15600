"""What Sessionboard's stand-in knows for writes: fields, values, scopes, quotas, and failures on purpose."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from entrypoints.sandbox.custom_fields import default_fields, parse_field
from entrypoints.sandbox.field_values import FieldValues
from entrypoints.sandbox.write_failures import Intervention, ItemFailure
from entrypoints.sandbox.write_hooks import WriteHooks
from entrypoints.sandbox.write_log import WriteLog
from entrypoints.sandbox.write_quotas import SandboxQuotas

READ_SCOPES = ("read:events", "read:sessions", "read:contacts")
FIELD_SCOPE = "write:fields"


@dataclass(slots=True)
class WriteState:
    clock: Callable[[], float]
    scopes: frozenset[str]
    """Of the token; only those of writes are enforced."""
    failures: dict[str, ItemFailure] = field(default_factory=dict)
    """By record id."""
    interventions: dict[str, Intervention] = field(default_factory=dict)
    """By record id; each happens once."""
    log: WriteLog = field(default_factory=WriteLog)
    hooks: WriteHooks = field(default_factory=WriteHooks)
    values: FieldValues = field(init=False)
    quotas: SandboxQuotas = field(init=False)

    def __post_init__(self) -> None:
        self.values = FieldValues(self.clock)
        self.quotas = SandboxQuotas(self.clock)

        for defined in default_fields():
            if defined.scope == "global":
                self.values.definitions.add(0, defined)

    def bring_fields(self, event_id: int, saved: Mapping[str, Any]) -> None:
        """Define the fields of a saved event and their values; an event without any gets the usual ones once.

        Raises:
            ValueError: one is not valid.
        """
        definitions = self.values.definitions
        if (brought := saved.get("fields")) is not None:
            parsed = [parse_field(document) for document in brought]
            definitions.clear(event_id)
        else:
            parsed = [] if definitions.has_own(event_id) else list(default_fields())
        for defined in parsed:
            definitions.add(event_id, defined)
        for module, records in (saved.get("field_values") or {}).items():
            for record_id, given in records.items():
                for internal_name, value in given.items():
                    found = definitions.find(event_id, module, internal_name)
                    if found is None or found.problem_with(value):
                        message = f"{module} has no field {internal_name} that holds {value!r}"
                        raise ValueError(message)
                    self.values.put(event_id, record_id, found, value)

    def as_json(self) -> dict[str, Any]:
        failures = {record: [failure.code, failure.times] for record, failure in self.failures.items()}
        return self.log.as_json() | {
            "scopes": sorted(self.scopes),
            "quotas": {"requests": self.quotas.requests, "operations": self.quotas.operations},
            "masked_fields": sorted(self.values.masked),
            "empty_fields": self.values.empty_as,
            "failures": failures,
            "webhooks": {
                "waiting": len(self.hooks.waiting),
                "delivered": self.hooks.delivered,
                "failed": self.hooks.failed,
            },
        }
