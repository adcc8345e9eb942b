"""The workspace: whether billing is on, by which gateway money is collected, and which accounts are linked for that.

It owns the switch, the gateway that was chosen, what is known of linked accounts, what customers may do for themselves
in the portal, and how pages look to them. It does not own how a gateway is spoken to (gateways), nor what anybody is
charged (invoicing).
"""

from billing_sdk.server.domain.workspace.brand import (
    CORNERS as CORNERS,
    FILE_KINDS as FILE_KINDS,
    FONT_STACKS as FONT_STACKS,
    Brand as Brand,
    BrandFile as BrandFile,
    BrandTexts as BrandTexts,
    Corners as Corners,
    FileKind as FileKind,
    FontStack as FontStack,
    Palette as Palette,
)
from billing_sdk.server.domain.workspace.connection import (
    TRANSITIONS as TRANSITIONS,
    ConnectionEvent as ConnectionEvent,
    found as found,
    moved as moved,
)
from billing_sdk.server.domain.workspace.own_page import (
    CONTENT as CONTENT,
    PAGE_NAMES as PAGE_NAMES,
    OwnPage as OwnPage,
    PageCode as PageCode,
    PageName as PageName,
    Stage as Stage,
)
from billing_sdk.server.domain.workspace.payment_app import (
    SANDBOX_APP_ID as SANDBOX_APP_ID,
    AppStatus as AppStatus,
    AppType as AppType,
    ConnectionState as ConnectionState,
    PaymentApp as PaymentApp,
    SecretName as SecretName,
)
from billing_sdk.server.domain.workspace.plan import (
    BY_KEY as BY_KEY,
    CAP_WORDS as CAP_WORDS,
    CAPS as CAPS,
    HOBBY as HOBBY,
    PLAN_GROUP as PLAN_GROUP,
    PLANS as PLANS,
    Cap as Cap,
    WorkspacePlan as WorkspacePlan,
)
from billing_sdk.server.domain.workspace.portal_settings import (
    WISHES as WISHES,
    PortalSettings as PortalSettings,
    Wish as Wish,
    field_of as field_of,
)
from billing_sdk.server.domain.workspace.remote_object import (
    RemoteKind as RemoteKind,
    RemoteObject as RemoteObject,
    RemoteStatus as RemoteStatus,
)
from billing_sdk.server.domain.workspace.usage_month import (
    UsageMonth as UsageMonth,
    is_retained as is_retained,
    month_of as month_of,
)
from billing_sdk.server.domain.workspace.workspace import (
    GATEWAYS as GATEWAYS,
    GatewayKind as GatewayKind,
    Workspace as Workspace,
)
