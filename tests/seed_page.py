"""Pages of the seed's shape: an article in one or another markup with everything around it.

`Parts` is what stands on the page, `render` writes it down as HTML. The seed itself is read from
../shared, whose text belongs to its publisher; the invented pages need nothing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path

SEED = Path(__file__).parents[2] / "shared" / "seed" / "eu-japan-article.txt"


@dataclass(frozen=True, slots=True)
class Parts:
    """What stands on a page. `text` are the paragraphs, `headings` those that are sub-headings."""

    language: str
    site: str
    title: str
    dateline: str
    published: str
    caption: str
    text: tuple[str, ...]
    headings: frozenset[str]
    banner: tuple[str, ...]
    author: str
    bio: str
    popup: tuple[str, ...]
    menu: tuple[str, ...] = ()
    foot: tuple[str, ...] = ()

    @property
    def removed(self) -> dict[str, set[str]]:
        """Every line that is not the text, with the reasons that fit it."""
        kinds = {line: {"popup", "subscribe"} for line in self.popup}
        kinds |= {line: {"subscribe"} for line in self.banner}
        kinds |= {line: {"navigation", "legal"} for line in (*self.menu, *self.foot)}
        kinds[self.title] = {"navigation"}
        kinds[self.dateline] = {"dateline"}
        kinds[self.caption] = {"caption"}
        kinds[self.author] = kinds[self.bio] = {"author-bio"}
        return kinds


@dataclass(frozen=True, slots=True)
class Markup:
    """How the parts are written down.

    `soup`: nested `div`s whose classes say nothing, all in one container. `head`: whether the head
    says anything but `<title>`. `line`: the element of a line of text in the soup. `heading`: that
    of a sub-heading. `box`: how the lines of one box (banner, pop-up) stand in it: `lines`, parted
    by `br`, items of a `list`, under a `headline` with the call as a `button`, or with no box at all
    (`flat`): then every line of the page stands side by side.
    """

    soup: bool = True
    head: bool = True
    line: str = "div"
    heading: str = "h2"
    box: str = "lines"

    def __str__(self) -> str:
        kind = "soup" if self.soup else "semantic"
        head = "head" if self.head else "bare"
        return f"{kind}-{head}-{self.line}-{self.heading}-{self.box}"


def render(parts: Parts, markup: Markup) -> str:
    """The page as HTML."""
    body = _soup(parts, markup) if markup.soup else _semantic(parts, markup)
    return (
        f'<!doctype html><html lang="{parts.language}"><head><meta charset="utf-8">'
        f"<title>{escape(parts.title)} | {escape(parts.site)}</title>"
        f"{_head(parts) if markup.head else ''}</head><body>{body}</body></html>"
    )


def _head(parts: Parts) -> str:
    data = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": parts.title,
        "datePublished": parts.published,
        "author": {"@type": "Person", "name": parts.author},
    }
    return (
        f'<meta property="og:title" content="{escape(parts.title)}">'
        '<meta property="og:type" content="article">'
        f'<meta property="og:site_name" content="{escape(parts.site)}">'
        f'<meta property="article:published_time" content="{parts.published}">'
        f'<script type="application/ld+json">{json.dumps(data)}</script>'
    )


def _semantic(parts: Parts, markup: Markup) -> str:
    menu = "".join(f'<li><a href="/{i}">{escape(m)}</a></li>' for i, m in enumerate(parts.menu))
    foot = " ".join(f'<a href="/f{i}">{escape(f)}</a>' for i, f in enumerate(parts.foot))
    close, *popup = parts.popup
    return (
        f"<header><nav><ul>{menu}</ul></nav></header><main><article>"
        f"<h1>{escape(parts.title)}</h1><time>{escape(parts.dateline)}</time>"
        f'<figure><img src="/a.jpg" alt=""><figcaption>{escape(parts.caption)}</figcaption></figure>'
        f'<div class="entry-content">{_text(parts, "p", markup.heading)}</div>'
        f'<section class="newsletter-signup">{_box(parts.banner, "p", markup.box)}'
        '<form><input type="email" placeholder="E-Mail"></form></section>'
        f'<div class="author-box"><h4>{escape(parts.author)}</h4><p>{escape(parts.bio)}</p></div>'
        "</article></main>"
        f'<div class="popup-overlay" role="dialog"><button>{escape(close)}</button>'
        f"{_box(popup, 'p', markup.box)}</div><footer>{foot}</footer>"
    )


def _soup(parts: Parts, markup: Markup) -> str:
    line = markup.line
    menu = "".join(f'<a href="/{i}"><span>{escape(m)}</span></a>' for i, m in enumerate(parts.menu))
    foot = "".join(
        f'<span><a href="/f{i}">{escape(f)}</a></span> ' for i, f in enumerate(parts.foot)
    )
    close, *popup = parts.popup
    title = "h1" if not markup.head else line
    box = (lambda inner, _: inner) if markup.box == "flat" else _wrapped
    return (
        f'<div class="x1"><div class="q7"><div class="b2">{menu}</div>'
        f'<{title} class="k3">{escape(parts.title)}</{title}>'
        f"{box(_line(line, parts.dateline), 'k4')}"
        f'<img src="/a.jpg">{box(_line(line, parts.caption), "k5")}'
        f"{_text(parts, line, markup.heading)}"
        f"{box(_box(parts.banner, line, markup.box) + '<input placeholder=Mail>', 'k6')}"
        f"{box(_line(line, parts.author) + _line(line, parts.bio), 'k7')}"
        f"{box(_line(line, close) + _box(popup, line, markup.box), 'k8')}"
        f'<div class="k9">{foot}</div></div></div>'
    )


def _wrapped(inner: str, name: str) -> str:
    return f'<div class="{name}">{inner}</div>'


def _line(tag: str, text: str) -> str:
    return f"<{tag}>{escape(text)}</{tag}>"


def _text(parts: Parts, line: str, heading: str) -> str:
    tags = ((heading if p in parts.headings else line, p) for p in parts.text)
    return "".join(f'<{tag} class="t">{escape(p)}</{tag}>' for tag, p in tags)


def _box(lines: Sequence[str], tag: str, box: str) -> str:
    if box == "br":
        return f"<{tag}>{'<br>'.join(escape(line) for line in lines)}</{tag}>"
    if box == "list":
        return f"<ul>{''.join(_line('li', line) for line in lines)}</ul>"
    if box == "headline":
        first, second, *rest = lines
        button = f"<button><span>{escape(second)}</span></button>"
        return _line("h3", first) + button + "".join(_line(tag, line) for line in rest)
    return "".join(_line(tag, line) for line in lines)


def seed() -> Parts:
    """The parts of the seed's page, cut from its dump at the lines its README names."""
    lines = [" ".join(line.split()) for line in SEED.read_text("utf-8").splitlines()]
    lines = [line for line in lines if line]
    banner = lines.index("Join The Future")
    author = lines.index("Sam Jeans")
    popup = lines.index("×")
    return Parts(
        language="de",
        site="DailyAI",
        title=lines[0],
        dateline=lines[1],
        published="2023-07-03",
        caption=lines[2],
        text=tuple(lines[3:banner]),
        headings=frozenset({'Die "De-Risking"-Strategie der EU'}),
        banner=tuple(lines[banner:author]),
        author=lines[author],
        bio=lines[author + 1],
        popup=tuple(lines[popup:]),
        menu=("Startseite", "Nachrichten", "Über uns"),
        foot=("Impressum", "Datenschutz"),
    )


ENGLISH = Parts(
    language="en",
    site="Tidewater Letter",
    title="Harbour town lets its lighthouse count the seals",
    dateline="March 9, 2024",
    published="2024-03-09",
    caption="Seals Lighthouse AI",
    text=(
        "The lighthouse of Carrow has kept ships off the rocks for a hundred and forty years, and "
        "since last week it counts seals as well. A camera below the lamp looks down on the skerry.",
        "A small model on a computer the size of a paperback tells pups from adults, and writes one "
        "line an hour into a table that anyone in the town may read.",
        '"We used to row out twice a year and guess," said the keeper, Morwenna Teague. "Now we know '
        'within three animals how many lie there at low water."',
        "The town's fishermen asked for the numbers, because the quota for the bay depends on them",
        "For years the ministry had used a figure from the other side of the county.",
        "What the model cannot see",
        "Fog defeats it, and so does the glare of a low sun on wet stone. On such days the line in the "
        "table is empty rather than wrong, which the keeper holds to be its best quality.",
        "The council will vote in May on a second camera. It would subscribe to no service and send no "
        "newsletter: the pictures stay in the tower, and only the counts leave it each evening.",
    ),
    headings=frozenset({"What the model cannot see"}),
    banner=(
        "Join The Crew",
        "SUBSCRIBE TODAY",
        "Short, salty, honest. Stay on top of the coast with Tidewater Letter",
    ),
    author="Jory Penhale",
    bio="Jory is a former ferry engineer who writes about machines by the sea. When he is not writing, "
    "he repairs outboard motors or looks for his reading glasses.",
    popup=(
        "×",
        "FREE PDF EXCLUSIVE",
        "Stay one tide ahead with Tidewater Letter",
        "Sign up for our weekly newsletter and get exclusive access to our latest eBook: "
        "'Reading the Sea: Your Guide to Better Charts in 2024'.",
        "*By signing up to our newsletter you accept our Privacy Policy and our Terms and Conditions",
    ),
    menu=("Home", "News", "About"),
    foot=("Imprint", "Privacy policy"),
)  # fmt: skip

FRENCH = Parts(
    language="fr",
    site="La Lettre du Canal",
    title="Une écluse apprend à compter les péniches toute seule",
    dateline="14 février 2024",
    published="2024-02-14",
    caption="Écluse Péniche IA",
    text=(
        "L'écluse de Varennes-le-Petit ouvre désormais ses portes sans que personne ne tourne la "
        "manivelle. Une caméra reconnaît les péniches à trois cents mètres et prépare le bassin.",
        "« Avant, j'entendais le moteur et je courais », raconte l'éclusière Odile Marchetti, qui garde "
        "les clés et le dernier mot sur chaque manœuvre depuis vingt-deux ans.",
        "Le syndicat du canal a payé l'installation avec l'argent d'un barrage qui n'a jamais été "
        "construit, après six réunions et un vote serré au mois de novembre.",
        "Ce que la caméra ne voit pas",
        "Les canoës passent inaperçus, surtout le soir, et un cygne a fait ouvrir les portes deux fois "
        "au mois de janvier. Les techniciens corrigent le modèle chaque semaine.",
        "Au printemps, trois autres écluses suivront, à condition que l'eau ne manque pas comme l'été "
        "dernier, quand le canal est resté fermé pendant quarante jours.",
    ),
    headings=frozenset({"Ce que la caméra ne voit pas"}),
    banner=(
        "Rejoignez le mouvement",
        "ABONNEZ-VOUS AUJOURD'HUI",
        "Clair, précis, complet. Gardez une longueur d'avance avec La Lettre du Canal",
    ),
    author="Bastien Quéré",
    bio="Bastien est un ancien batelier qui écrit sur les machines et les rivières. Quand il n'écrit "
    "pas, il répare des horloges ou cherche des disques dans les brocantes.",
    popup=(
        "×",
        "PDF GRATUIT EXCLUSIF",
        "Toujours une écluse d'avance avec La Lettre du Canal",
        "Inscrivez-vous à notre newsletter hebdomadaire et recevez un accès exclusif à notre dernier "
        "ebook : « Lire la rivière, votre guide pour 2024 ».",
        "*En vous inscrivant à notre newsletter, vous acceptez notre politique de confidentialité et "
        "nos conditions générales",
    ),
    menu=("Accueil", "Actualités", "À propos"),
    foot=("Mentions légales", "Confidentialité"),
)  # fmt: skip

JAPANESE = Parts(
    language="ja",
    site="港町通信",
    title="灯台がアザラシを数え始めた町の話",
    dateline="2024年3月9日",
    published="2024-03-09",
    caption="灯台とアザラシのAI",
    text=(
        "港町の灯台は百四十年のあいだ船を岩から守ってきたが、先週からはアザラシの数も数えている。灯りの下に取り付けられたカメラが、沖の岩場を見下ろしている。",
        "文庫本ほどの大きさの計算機に入った小さなモデルが、子どもと大人を見分け、一時間に一行ずつ、町の誰もが読める表に書き込んでいく。",
        "「以前は年に二度、舟をこいで行って見当をつけていました」と灯台守の寺岡さんは話す。「いまは干潮のときに何頭いるか、三頭の差で分かります」",
        "モデルに見えないもの",
        "霧が出ると数えられず、濡れた岩に低い日差しが反射しても数えられない。そういう日の行は間違った数字ではなく空白になる。灯台守はそれがいちばんの長所だと考えている。",
        "町議会は五月に二台目のカメラを置くかどうかを決める。写真は塔の中に残り、毎晩外に出るのは数だけである。",
    ),
    headings=frozenset({"モデルに見えないもの"}),
    banner=("未来に参加しよう", "今すぐ登録", "簡潔、明快、網羅的。港町通信で海辺の動きを毎週お届けします"),
    author="浜口 直樹",
    bio="浜口直樹は元船員の記者で、海辺の機械について書いている。書いていないときは、船外機を直したり、古いレコードを探したりしている。",
    popup=(
        "×",
        "限定PDF無料プレゼント",
        "港町通信でいつも一歩先へ",
        "毎週のニュースレターに登録すると、最新の電子書籍『海を読む 2024年版』を無料でお読みいただけます。",
        "※ニュースレターに登録すると、プライバシーポリシーと利用規約に同意したものとみなされます",
    ),
    menu=("ホーム", "記事一覧", "このサイトについて"),
    foot=("プライバシーポリシー", "お問い合わせ"),
)  # fmt: skip

SPANISH = replace(
    FRENCH,
    language="es",
    site="La Carta del Puerto",
    title="Una esclusa aprende a contar barcazas por su cuenta",
    dateline="14 de febrero de 2024",
    caption="Esclusa Barcaza IA",
    text=(
        "La esclusa de Villarrubia abre ahora sus puertas sin que nadie gire la manivela. Una cámara "
        "reconoce las barcazas a trescientos metros y prepara el nivel del agua.",
        "«Antes oía el motor y salía corriendo», cuenta la encargada Remedios Oñate, que guarda las "
        "llaves y la última palabra sobre cada maniobra desde hace veintidós años.",
        "Lo que la cámara no ve",
        "Las piraguas pasan inadvertidas, sobre todo al anochecer, y un cisne hizo abrir las puertas "
        "dos veces en enero. Los técnicos corrigen el modelo todas las semanas.",
        "En primavera seguirán otras tres esclusas, siempre que no falte el agua como el verano "
        "pasado, cuando el canal estuvo cerrado durante cuarenta días.",
    ),
    headings=frozenset({"Lo que la cámara no ve"}),
    banner=(
        "Únete al futuro",
        "SUSCRÍBETE HOY",
        "Claro, conciso, completo. Mantente al día con La Carta del Puerto",
    ),
    author="Íñigo Barandiarán",
    bio="Íñigo es un antiguo marinero que escribe sobre máquinas y ríos. Cuando no escribe, arregla "
    "relojes o rebusca discos en los mercadillos.",
    popup=(
        "×",
        "PDF GRATIS EXCLUSIVO",
        "Siempre un paso por delante con La Carta del Puerto",
        "Suscríbete a nuestro boletín semanal y obtén acceso exclusivo a nuestro último libro "
        "electrónico: «Leer el río, tu guía para 2024».",
        "*Al suscribirte a nuestro boletín aceptas nuestra política de privacidad y nuestros términos "
        "y condiciones",
    ),
    menu=("Inicio", "Noticias", "Acerca de"),
    foot=("Aviso legal", "Privacidad"),
)
