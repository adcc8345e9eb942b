"""SQL, and nothing else: tables, migrations, and one repository for each noun.

It owns how things are kept, and the transaction that they are changed in. It does not own any rule: repositories
take and return the dataclasses of the domain. All times are stored in UTC.
"""

from billing_sdk.server.storage.cadence_settings import CadenceSettingRepository as CadenceSettingRepository
from billing_sdk.server.storage.database import Database as Database
from billing_sdk.server.storage.paging import Page as Page, PageRequest as PageRequest
from billing_sdk.server.storage.plan_subscriptions import SubscriptionFilter as SubscriptionFilter
from billing_sdk.server.storage.unit_of_work import UnitOfWork as UnitOfWork
