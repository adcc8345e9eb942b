"""What the pricing tables of the demo catalogue say in German, Turkish and Arabic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from billing_sdk.server.domain.catalog import CardContent

Translations = Mapping[str, CardContent]

WAYS_TO_PAY: Final = {"de": "So möchten Sie zahlen", "tr": "Nasıl ödeyeceğinizi seçin", "ar": "اختر طريقة الدفع"}
FREE: Final[Translations] = {
    "de": CardContent("Kostenlos", "Zum Kennenlernen.", "Enthält", ("1.000 KI-Token",), "", "Kostenlos starten"),
    "tr": CardContent("Ücretsiz", "İlk bakış için.", "İçerir", ("1.000 yapay zekâ belirteci",), "", "Ücretsiz başla"),
    "ar": CardContent("مجاني", "لنظرة أولى.", "يشمل", ("1,000 رمز ذكاء اصطناعي",), "", "ابدأ مجانًا"),
}
PRO: Final[Translations] = {
    "de": CardContent(
        "Pro",
        "Für alle, die täglich damit arbeiten.",
        "Alles aus Kostenlos, dazu",
        ("Erweiterte Berichte", "100.000 KI-Token"),
        "Am beliebtesten",
        "Pro wählen",
    ),
    "tr": CardContent(
        "Pro",
        "Her gün onunla çalışanlar için.",
        "Ücretsiz plandaki her şey ve",
        ("Gelişmiş raporlar", "100.000 yapay zekâ belirteci"),
        "En çok tercih edilen",
        "Pro'yu seç",
    ),
    "ar": CardContent(
        "Pro",
        "لمن يعملون به كل يوم.",
        "كل ما في المجاني، وأيضًا",
        ("تقارير متقدمة", "100,000 رمز ذكاء اصطناعي"),
        "الأكثر رواجًا",
        "اختر Pro",
    ),
}
ENTERPRISE: Final[Translations] = {
    "de": CardContent(
        "Enterprise",
        "Für alle, die nicht warten können.",
        "Alles aus Pro, dazu",
        ("Bevorzugter Support", "KI-Token ohne Grenze, nach Verbrauch"),
        "",
        "Enterprise wählen",
    ),
    "tr": CardContent(
        "Enterprise",
        "Bekleyemeyenler için.",
        "Pro'daki her şey ve",
        ("Öncelikli destek", "Kullandıkça, sınırsız yapay zekâ belirteci"),
        "",
        "Enterprise'ı seç",
    ),
    "ar": CardContent(
        "Enterprise",
        "لمن لا يستطيعون الانتظار.",
        "كل ما في Pro، وأيضًا",
        ("دعم ذو أولوية", "رموز ذكاء اصطناعي بلا حد، بحسب الاستخدام"),
        "",
        "اختر Enterprise",
    ),
}
SPRING_PRO: Final[Translations] = {
    "de": CardContent(
        "Pro im Frühling",
        "Dasselbe Pro in einer neuen Jahreszeit.",
        "Enthält",
        ("Erweiterte Berichte", "100.000 KI-Token"),
        "Frühling",
        "Pro wählen",
    ),
    "tr": CardContent(
        "Baharda Pro",
        "Aynı Pro, yeni bir mevsimde.",
        "İçerir",
        ("Gelişmiş raporlar", "100.000 yapay zekâ belirteci"),
        "Bahar",
        "Pro'yu seç",
    ),
    "ar": CardContent(
        "Pro في الربيع",
        "Pro نفسه في فصل جديد.",
        "يشمل",
        ("تقارير متقدمة", "100,000 رمز ذكاء اصطناعي"),
        "الربيع",
        "اختر Pro",
    ),
}
TEAM_FREE: Final[Translations] = {
    "de": CardContent(
        "Team Kostenlos", "Für Teams, die es ausprobieren.", "Enthält", ("3 Plätze", "5.000 KI-Token"), "", "Wählen"
    ),
    "tr": CardContent(
        "Ücretsiz Ekip", "Deneyen ekipler için.", "İçerir", ("3 koltuk", "5.000 yapay zekâ belirteci"), "", "Seç"
    ),
    "ar": CardContent("الفريق المجاني", "لفريق يجرّبه.", "يشمل", ("3 مقاعد", "5,000 رمز ذكاء اصطناعي"), "", "اختر"),
}
TEAM_PRO: Final[Translations] = {
    "de": CardContent(
        "Team Pro",
        "Für Teams bei der Arbeit.",
        "Alles aus Team Kostenlos, dazu",
        ("25 Plätze", "Erweiterte Berichte", "Bevorzugter Support", "500.000 KI-Token"),
        "Am beliebtesten",
        "Team Pro wählen",
    ),
    "tr": CardContent(
        "Ekip Pro",
        "Çalışan ekipler için.",
        "Ücretsiz Ekip'teki her şey ve",
        ("25 koltuk", "Gelişmiş raporlar", "Öncelikli destek", "500.000 yapay zekâ belirteci"),
        "En çok tercih edilen",
        "Ekip Pro'yu seç",
    ),
    "ar": CardContent(
        "فريق Pro",
        "لفريق يعمل.",
        "كل ما في الفريق المجاني، وأيضًا",
        ("25 مقعدًا", "تقارير متقدمة", "دعم ذو أولوية", "500,000 رمز ذكاء اصطناعي"),
        "الأكثر رواجًا",
        "اختر فريق Pro",
    ),
}
TEAM_ENTERPRISE: Final[Translations] = {
    "de": CardContent(
        "Team Enterprise",
        "Für Unternehmen mit Regeln.",
        "Alles aus Team Pro, dazu",
        ("Plätze ohne Grenze", "Einmalanmeldung (SSO)", "KI-Token ohne Grenze, nach Verbrauch"),
        "",
        "Team Enterprise wählen",
    ),
    "tr": CardContent(
        "Ekip Enterprise",
        "Kuralları olan şirketler için.",
        "Ekip Pro'daki her şey ve",
        ("Sınırsız koltuk", "Tek oturum açma", "Kullandıkça, sınırsız yapay zekâ belirteci"),
        "",
        "Ekip Enterprise'ı seç",
    ),
    "ar": CardContent(
        "فريق Enterprise",
        "لشركة لها قواعدها.",
        "كل ما في فريق Pro، وأيضًا",
        ("مقاعد بلا حد", "تسجيل دخول موحَّد", "رموز ذكاء اصطناعي بلا حد، بحسب الاستخدام"),
        "",
        "اختر فريق Enterprise",
    ),
}
STARTER: Final[Translations] = {
    "de": CardContent("Einstieg", "Zwei Wochen zur Probe.", "Enthält", ("20.000 KI-Token",), "", "Jetzt testen"),
    "tr": CardContent(
        "Başlangıç", "İki hafta deneyin.", "İçerir", ("20.000 yapay zekâ belirteci",), "", "Denemeye başla"
    ),
    "ar": CardContent("البداية", "جرّبه أسبوعين.", "يشمل", ("20,000 رمز ذكاء اصطناعي",), "", "ابدأ التجربة"),
}
PRO_QUARTERLY: Final[Translations] = {
    "de": CardContent("Pro", "Vierteljährlich.", "Enthält", ("Berichte", "100.000 KI-Token"), "", "Wählen"),
    "tr": CardContent("Pro", "Üç ayda bir ödenir.", "İçerir", ("Raporlar", "100.000 yapay zekâ belirteci"), "", "Seç"),
    "ar": CardContent("Pro", "يُدفع كل ثلاثة أشهر.", "يشمل", ("تقارير", "100,000 رمز ذكاء اصطناعي"), "", "اختر"),
}
PRO_YEARLY: Final[Translations] = {
    "de": CardContent("Pro", "Jährlich.", "Enthält", ("Berichte", "100.000 KI-Token"), "Bester Preis", "Wählen"),
    "tr": CardContent(
        "Pro", "Yılda bir ödenir.", "İçerir", ("Raporlar", "100.000 yapay zekâ belirteci"), "En iyi fiyat", "Seç"
    ),
    "ar": CardContent("Pro", "يُدفع مرة في السنة.", "يشمل", ("تقارير", "100,000 رمز ذكاء اصطناعي"), "أفضل سعر", "اختر"),
}
PAY_AS_YOU_GO: Final[Translations] = {
    "de": CardContent("Nach Verbrauch", "Nur was genutzt wird.", "Enthält", ("KI-Token",), "", "Wählen"),
    "tr": CardContent("Kullandıkça öde", "Yalnızca kullanılan.", "İçerir", ("Yapay zekâ belirteci",), "", "Seç"),
    "ar": CardContent("الدفع بحسب الاستخدام", "ما يُستخدم فقط.", "يشمل", ("رموز ذكاء اصطناعي",), "", "اختر"),
}
