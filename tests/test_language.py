"""The language of a text, from a line to a page, whatever the page declares."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.model import Reading
from crawler.language import Language, code, detect
from crawler.reading import read
from tests.conftest import ROOT
from tests.faults import page

GERMAN = (
    "Die Bundesregierung hat am Montag einen Entwurf vorgelegt, der die Haftung für Systeme der "
    "künstlichen Intelligenz neu regelt und im Herbst beraten werden soll."
)
ENGLISH = (
    "The keeper of the northern lighthouse has counted the ships that pass by night since the "
    "storm, and he says that there are fewer of them in each year."
)
SPANISH = (
    "El guardián del faro ha contado los barcos que pasan de noche desde la tormenta, y dice que "
    "cada año son menos los que entran en el puerto."
)
ICELANDIC = (
    "Ríkisstjórnin kynnti í dag nýja stefnu um gervigreind og áhrif hennar á vinnumarkaðinn."
)
ZULU = (
    "Uthe abantu bamele babheke ukuthi izindlu zabo zilungile ngaphambi kokuba kufike imvula, "
    "ngoba lokhu kungadala inkinga enkulu emphakathini uma kungenziwa lutho manje."
)

LINES = [
    ("de", GERMAN),
    ("en", ENGLISH),
    ("es", SPANISH),
    ("fr", "La gardienne du phare compte les navires qui passent la nuit, et il y en a moins chaque année."),
    ("it", "Il guardiano del faro ha contato le navi che passano di notte, e dice che sono sempre di meno."),
    ("pt", "O guarda do farol contou os navios que passam à noite, e diz que não são tantos como antes."),
    ("nl", "De wachter van de vuurtoren telt de schepen die in de nacht voorbijkomen, en het zijn er minder."),
    ("sv", "Fyrvaktaren räknar de fartyg som går förbi om natten, och han säger att det är färre än förr."),
    ("pl", "Latarnik liczy statki, które przepływają w nocy, i mówi, że z każdym rokiem jest ich mniej."),
    ("cs", "Strážce majáku počítá lodě, které v noci plují kolem, a říká, že je jich každý rok méně."),
    ("fi", "Majakanvartija laskee laivat, jotka kulkevat yöllä ohi, ja sanoo että niitä on yhä vähemmän."),
    ("hu", "A világítótorony őre megszámolja az éjjel elhaladó hajókat, és azt mondja, hogy egyre kevesebb van."),
    ("ro", "Paznicul farului numără navele care trec noaptea și spune că în fiecare an sunt mai puține."),
    ("tr", "Fenerin bekçisi gece geçen gemileri sayıyor ve her yıl daha az gemi olduğunu söylüyor, ama bu iyi."),
    ("id", "Penjaga mercusuar menghitung kapal yang lewat pada malam hari, dan dia mengatakan jumlahnya berkurang."),
    ("vi", "Người gác hải đăng đếm những con tàu đi qua trong đêm và nói rằng mỗi năm có ít tàu hơn trước."),
    ("sw", "Mlinzi wa mnara wa taa huhesabu meli ambazo hupita usiku, na anasema kwamba kila mwaka ni chache."),
    ("ru", "Смотритель маяка считает корабли, которые проходят ночью, и говорит, что их всё меньше каждый год."),
    ("uk", "Доглядач маяка рахує кораблі, які проходять уночі, і каже, що з кожним роком їх стає все менше."),
    ("bg", "Пазачът на фара брои корабите, които минават през нощта, и казва, че всяка година са по-малко."),
    ("el", "Ο φύλακας του φάρου μετρά τα πλοία που περνούν τη νύχτα."),
    ("ar", "يحصي حارس المنارة السفن التي تمر في الليل ويقول إن عددها يقل في كل عام عن العام الذي قبله."),
    ("fa", "نگهبان فانوس دریایی کشتی‌هایی را که شب‌ها می‌گذرند می‌شمارد و می‌گوید که هر سال کمتر می‌شوند."),
    ("he", "שומר המגדלור סופר את האוניות העוברות בלילה."),
    ("hi", "प्रकाशस्तंभ का रखवाला रात में गुजरने वाले जहाजों को गिनता है और कहता है कि हर साल वे पहले से बहुत कम होते जा रहे हैं।"),
    ("bn", "বাতিঘরের রক্ষী রাতে যাওয়া জাহাজগুলো গোনেন।"),
    ("ta", "கலங்கரை விளக்கின் காவலர் இரவில் செல்லும் கப்பல்களை எண்ணுகிறார்."),
    ("th", "ผู้ดูแลประภาคารนับเรือที่แล่นผ่านในเวลากลางคืน"),
    ("ko", "등대지기는 밤에 지나가는 배를 센다."),
    ("ja", "東京の魚市場では、新しい規制が議論されています。"),
    ("zh", "本文讨论了大型语言模型在医院中的应用情况及其风险。"),
    ("ka", "შუქურის მცველი ითვლის გემებს, რომლებიც ღამით გადიან."),
    ("am", "የመብራት ቤቱ ጠባቂ በሌሊት የሚያልፉትን መርከቦች ይቆጥራል።"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "text"), LINES)
def test_a_line_tells_its_language(language: str, text: str) -> None:
    found = detect(text)
    assert found.code == language
    assert found.confidence
    assert found.confidence > 0.5
    wrong = "ja" if language != "ja" else "de"
    assert detect(text, wrong) == found  # a page that declares what it is not


@pytest.mark.parametrize(
    ("text", "declared", "language"),
    [
        ("KI", None, "und"),
        ("KI", "de", "de"),
        ("KI", "ja", "und"),  # not in its script
        ("Guten Tag", "de-AT", "de"),
        ("12345 … !!", "de", "und"),
        ("", None, "und"),
        ("Ana Kim, Tobi Baran, Levi Okafor, Mia Tanaka, Olu Mensah, Pia Novák, Kai Lund", None, "und"),
        ("https://example.org/the/and/of/in/a/to/is/it/that/for/on/with/as/at/by/from/or", None, "und"),
        (ICELANDIC, "is", "is"),  # langdetect has no profile of these
        (ZULU, "zu", "zu"),
        (ZULU, "en", "zu"),
        ("Igishushanyo cy'ubwenge bw'ubukorano cyatangajwe n'abaminisitiri kuri uyu wa mbere", "rw", "rw"),
        ("Влада је у понедељак представила нацрт закона који уређује одговорност за системе", "sr", "sr"),
        ("Der Hafemeeschter zielt all Nuecht d'Schëffer, déi laanschtfueren, an et ginn der manner", "lb", "lb"),
    ],
)  # fmt: skip
def test_where_the_letters_do_not_tell_it(text: str, declared: str | None, language: str) -> None:
    found = detect(text, declared)
    assert found.code == language
    assert found.confidence is None


@pytest.mark.parametrize(
    ("text", "declared", "language"),
    [
        (GERMAN.upper(), None, "de"),
        (ENGLISH.upper(), None, "en"),
        (ENGLISH.title(), None, "en"),
        (SPANISH.title(), None, "es"),
        (f"{ENGLISH} https://example.org/{'der-die-das-und-' * 40}", None, "en"),
        (f"“{ENGLISH}”\n\n" * 4 + f"{GERMAN}\n\n" * 20, None, "de"),  # begins with a quotation
        (f"{GERMAN}\n\n{ENGLISH}\n\n" + GERMAN * 3, "en", "de"),
        ("Als Nächstes: GPT, LLM, RAG, API, SDK. " + GERMAN, None, "de"),
        (f"東京 ({ENGLISH})", None, "en"),
        (f"{GERMAN} Новости на русском языке.", None, "de"),
        ("OpenAIのChatGPTとAnthropicのClaudeを比較する記事です", None, "ja"),
        (ENGLISH, "zu", "en"),  # declared, without a profile, and plainly not so
        (ENGLISH, "rw", "en"),
        (ENGLISH, "ja", "en"),
    ],
)  # fmt: skip
def test_capitals_quotations_addresses_and_mixed_scripts(
    text: str, declared: str | None, language: str
) -> None:
    assert detect(text, declared).code == language


def test_the_declared_language_decides_between_close_relatives() -> None:
    text = (
        "Fyrvokteren teller skipene som går forbi om natten, og han sier at det blir færre av dem."
    )
    assert detect(text, "nb").code == "no"
    assert detect(text, "no").code == "no"


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("de-AT", "de"), ("zh_Hans", "zh"), ("EN", "en"), ("deu", "de"), ("iw", "he"),
        ("nb-NO", "no"), ("tl", "tl"), ("zu", "zu"), ("und", None), ("", None), (None, None),
        ("deutsch", None), ("x", None),
    ],
)  # fmt: skip
def test_language_tags(tag: str | None, expected: str | None) -> None:
    assert code(tag) == expected


@given(st.text(), st.sampled_from([None, "de", "zu", "ja", "nonsense", "", "x-y"]))
def test_any_text_has_a_language_or_und(text: str, declared: str | None) -> None:
    found = detect(text, declared)
    assert found == detect(text, declared)
    assert found.code.isalpha()
    assert 2 <= len(found.code) <= 3
    assert found.confidence is None or 0 <= found.confidence <= 1


def test_the_same_text_has_the_same_language_in_any_process() -> None:
    texts = ["Hello world, how are things with you and yours in this year of many a change", GERMAN]
    code = f"from crawler.language import detect; print([detect(t) for t in {texts!r}])"
    command = [sys.executable, "-c", code]
    answers = {
        subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True).stdout
        for _ in range(3)
    }
    assert len(answers) == 1


def test_a_page_has_the_language_of_its_text_and_the_declared_one() -> None:
    body = page("Haftung", f"<p>{GERMAN}</p>" * 3).replace(b"<html", b'<html lang="en"', 1)
    reading = read(body, "https://example.org/haftung")
    assert isinstance(reading, Reading)
    assert (reading.language, reading.declared_language) == ("de", "en")
    assert reading.language_confidence
    assert reading.language_confidence > 0.9


ZULU = (
    "Umongameli waseNingizimu Afrika ukhulume nabantu ngesimo somnotho nokuthuthukiswa kwezindawo "
    "zokuhlala ezweni lonke namuhla."
)
XHOSA = (
    "Umongameli waseMzantsi Afrika uthethe nabantu ngemeko yezoqoqosho kunye nokuthuthukiswa "
    "kweendawo zokuhlala kwilizwe lonke namhlanje."
)


@pytest.mark.parametrize(("text", "declared"), [(ZULU, "zu"), (XHOSA, "xh")])
def test_a_sentence_in_a_language_without_profile_is_what_is_declared_or_unknown(
    text: str, declared: str
) -> None:
    assert detect(text, declared) == Language(declared, None)
    assert detect(text) == Language("und", None)
