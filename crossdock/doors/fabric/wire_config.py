"""Wire types of the configuration calls: tenant, target and fraud configurations; no logic.

Source of every rule: the vendor's published API description; docs/doors/fabric.md lists the decisions where it is silent.
Optional fields may be null.
"""

from typing import Annotated, Any

from msgspec import Meta, Struct

from crossdock.core.json.value_types import NonEmpty
from crossdock.doors.fabric.wire import Attributes
from crossdock.doors.fabric.wire_calls import QueryRequest
from crossdock.doors.fabric.wire_responses import DateTime

MAX_CONFIGS = 200  # of one call that changes several
MAX_TARGETS = 100  # services of one target configuration
MAX_CONDITIONS = 100  # of one fraud configuration, in all its alternatives
_TENANT = "If present, the organization's fabric account."
_Tenant = Annotated[str, Meta(description=_TENANT)]


# --------------------------------------------------------------------------------------------------------------- tenant
class TenantConfig(Struct, kw_only=True):
    """A configuration in a request: a free object under a type and a name."""

    configName: NonEmpty
    objectValue: Attributes | None = None
    objectType: str | None = None
    configType: NonEmpty
    tenantId: _Tenant | None = None


class TenantConfigUpdate(TenantConfig, kw_only=True):
    """A configuration whose type and name are in the path; the body may repeat them."""

    configName: NonEmpty | None = None  # type: ignore[assignment]
    configType: NonEmpty | None = None  # type: ignore[assignment]


class TenantConfigs(Struct, kw_only=True):
    """The configurations of a request that changes several."""

    configs: Annotated[list[TenantConfig], Meta(min_length=1, max_length=MAX_CONFIGS)]


class StoredTenantConfig(Struct, kw_only=True):
    """A configuration in a response."""

    configName: str
    objectValue: Attributes | None
    objectType: str | None
    configType: str
    tenantId: str


class SortableTenantConfig(StoredTenantConfig, kw_only=True):
    """What a search of configurations finds and sorts by."""

    createdAt: DateTime
    updatedAt: DateTime


class TenantConfigQuery(QueryRequest, kw_only=True):
    """A search for configurations."""

    filters: Annotated[dict[str, Any], Meta(description="Values to match by member, as in the search of orders.")]


class TenantConfigPage(Struct, kw_only=True):
    """A page of configurations."""

    count: int
    limit: int
    offset: int
    configurations: list[StoredTenantConfig]


# --------------------------------------------------------------------------------------------------------------- target
class TargetService(Struct, kw_only=True):
    """A service that a process of another service uses."""

    serviceName: NonEmpty
    serviceAttributes: Attributes | None = None


class TargetConfig(Struct, kw_only=True):
    """The services that a process of a service uses, in a request."""

    processName: NonEmpty
    serviceName: NonEmpty
    tenantId: _Tenant | None = None
    targetService: Annotated[list[TargetService], Meta(max_length=MAX_TARGETS)] | None = None


class StoredTargetConfig(Struct, kw_only=True):
    """The services that a process of a service uses, in a response."""

    processName: str
    serviceName: str
    tenantId: str
    targetService: list[TargetService]


# ---------------------------------------------------------------------------------------------------------------- fraud
class DateValue(Struct, kw_only=True):
    """A time to compare with: a fixed one, or the time at which the order arrives, each moved by a number of units."""

    comparisonType: (
        Annotated[str, Meta(description="ABSOLUTE: `date`. RELATIVE: the time at which the order arrives.")] | None
    ) = None
    date: Annotated[str, Meta(description="A date or a date-time; a date is the whole day in UTC.")] | None = None
    unit: Annotated[str, Meta(description="SECONDS, MINUTES, HOURS, DAYS, WEEKS, MONTHS or YEARS.")] | None = None
    plusValue: Annotated[int, Meta(description="Units to add; a negative number lies before.")] | None = None


class Condition(Struct, kw_only=True):
    """A condition on one field of an order."""

    key: Annotated[
        str, Meta(min_length=1, description="The path of a member of the order, such as customer.email or items.sku.")
    ]
    operator: Annotated[str, Meta(min_length=1, description="Such as EQUALS, GREATER_THAN, IN or EXISTS.")]
    type: Annotated[str, Meta(min_length=1, description="STRING, NUMBER, BOOLEAN or DATE.")]
    value: Annotated[
        Any, Meta(description="What to compare with: one value, or an array of IN, NOT_IN and BETWEEN.")
    ] = None
    dateValue: DateValue | None = None


Conditions = Annotated[list[Annotated[list[Condition], Meta(min_length=1)]], Meta(max_length=MAX_CONDITIONS)]


class FraudConditions(Struct, kw_only=True):
    """Conditions that put an order on hold: all of an inner list, of any of the outer list."""

    conditions: Conditions


class FraudConfig(Struct, kw_only=True):
    """The conditions of a process of a service, in a request."""

    configuration: FraudConditions
    processName: NonEmpty
    serviceName: NonEmpty
    tenantId: _Tenant | None = None


class StoredFraudConfig(Struct, kw_only=True):
    """The conditions of a process of a service, in a response."""

    configuration: FraudConditions
    processName: str
    serviceName: str
    tenantId: str
