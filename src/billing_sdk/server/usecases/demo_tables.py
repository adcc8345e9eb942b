"""The pricing tables of the demo catalogue."""

from __future__ import annotations

from billing_sdk.server.domain.catalog import CardContent, PlanGroup, PricingCard, PricingTable
from billing_sdk.server.ids import new_id
from billing_sdk.server.usecases import demo_translations as translated

FREE = PricingCard(
    "free",
    CardContent("Free", "For a first look.", "Includes", ("1,000 AI tokens",), "", "Start for free"),
    translated.FREE,
)
PRO = PricingCard(
    "pro_monthly",
    CardContent(
        "Pro",
        "For people who work with it every day.",
        "Everything in Free, and",
        ("Advanced reports", "100,000 AI tokens"),
        "Most popular",
        "Choose Pro",
    ),
    translated.PRO,
    other_plan_keys=("pro_yearly",),
)
ENTERPRISE = PricingCard(
    "enterprise_monthly",
    CardContent(
        "Enterprise",
        "For people who can't wait.",
        "Everything in Pro, and",
        ("Priority support", "AI tokens without limit, by use"),
        "",
        "Choose Enterprise",
    ),
    translated.ENTERPRISE,
)
SPRING_PRO = PricingCard(
    "pro_monthly",
    CardContent(
        "Pro in spring",
        "The same Pro, in a new season.",
        "Includes",
        ("Advanced reports", "100,000 AI tokens"),
        "Spring",
        "Choose Pro",
    ),
    translated.SPRING_PRO,
)
TEAM_FREE = PricingCard(
    "team_free",
    CardContent("Team Free", "For a team that is trying it out.", "Includes", ("3 seats", "5,000 AI tokens")),
    translated.TEAM_FREE,
)
TEAM_PRO = PricingCard(
    "team_pro",
    CardContent(
        "Team Pro",
        "For a team at work.",
        "Everything in Team Free, and",
        ("25 seats", "Advanced reports", "Priority support", "500,000 AI tokens"),
        "Most popular",
        "Choose Team Pro",
    ),
    translated.TEAM_PRO,
)
TEAM_ENTERPRISE = PricingCard(
    "team_enterprise",
    CardContent(
        "Team Enterprise",
        "For a company with rules.",
        "Everything in Team Pro, and",
        ("Seats without limit", "Single sign-on", "AI tokens without limit, by use"),
        "",
        "Choose Team Enterprise",
    ),
    translated.TEAM_ENTERPRISE,
)
STARTER = PricingCard(
    "starter",
    CardContent("Starter", "Try it for two weeks.", "Includes", ("20,000 AI tokens",), "", "Start the trial"),
    translated.STARTER,
)
PRO_QUARTERLY = PricingCard(
    "pro_quarterly",
    CardContent("Pro", "Paid every quarter.", "Includes", ("Advanced reports", "100,000 AI tokens")),
    translated.PRO_QUARTERLY,
)
PRO_YEARLY = PricingCard(
    "pro_yearly",
    CardContent("Pro", "Paid once a year.", "Includes", ("Advanced reports", "100,000 AI tokens"), "Best price"),
    translated.PRO_YEARLY,
)
PAY_AS_YOU_GO = PricingCard(
    "pay_as_you_go",
    CardContent("Pay as you go", "Nothing but what is used.", "Includes", ("AI tokens without limit, by use",)),
    translated.PAY_AS_YOU_GO,
)


def demo_tables(people: PlanGroup, teams: PlanGroup) -> tuple[PricingTable, ...]:
    """Return the default table of each group, another one for a season, and one with every way to pay."""
    return (
        PricingTable(
            new_id("table"),
            "default_users",
            "Plans",
            people,
            (FREE, PRO, ENTERPRISE),
            is_live=True,
            is_default=True,
        ),
        PricingTable(new_id("table"), "spring_promo", "Spring", people, (SPRING_PRO, ENTERPRISE), is_live=True),
        PricingTable(
            new_id("table"),
            "ways_to_pay",
            "Ways to pay",
            people,
            (STARTER, PRO_QUARTERLY, PRO_YEARLY, PAY_AS_YOU_GO),
            is_live=True,
            heading="Choose how you pay",
            headings=translated.WAYS_TO_PAY,
        ),
        PricingTable(
            new_id("table"),
            "teams",
            "Plans for teams",
            teams,
            (TEAM_FREE, TEAM_PRO, TEAM_ENTERPRISE),
            is_live=True,
            is_default=True,
        ),
    )
