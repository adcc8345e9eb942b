"""Usage stores: where events and their roll-ups are kept, behind one port.

It owns exactly-once: the key of an event (its source and id), the event and the roll-ups change in one transaction.
It does not own what a meter reads (metering), nor who a subject is.
"""

from billing_sdk.server.storage.usage_stores.apart import LogApart as LogApart
from billing_sdk.server.storage.usage_stores.documents import fingerprint_of as fingerprint_of
from billing_sdk.server.storage.usage_stores.open import (
    open_usage_store as open_usage_store,
    store_number as store_number,
)
from billing_sdk.server.storage.usage_stores.protocol import (
    Change as Change,
    UsageLog as UsageLog,
    UsageStore as UsageStore,
)
from billing_sdk.server.storage.usage_stores.recalled import Known as Known
from billing_sdk.server.storage.usage_stores.sql import SqlUsageLog as SqlUsageLog
from billing_sdk.server.storage.usage_stores.sql_store import SqlUsageStore as SqlUsageStore
from billing_sdk.server.storage.usage_stores.turns import turns_at as turns_at
