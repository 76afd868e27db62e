"""The anchor: a bare Flask and Jinja page of 24 cards, about 20 kB, no database; and a bare hello.

Everything else is given as a ratio to it, measured in the same run on the same machine.
"""

from flask import Flask

CARD = (
    "<li><h3><a href='/listings/{{ n }}'>{{ card.title }}</a></h3><img src='/photos/{{ n }}.webp' alt='' width='208' height='208'>"
    "<p class='cost'><span class='price'>{{ card.price }}</span> <span class='soft'>each</span></p>"
    "<p class='meta'>{{ card.shop }}, {{ card.city }}</p><p class='meta'>{{ card.words }}</p></li>"
)
PAGE = (
    "<!doctype html><html lang='en'><head><title>{{ title }}</title></head><body><main><h1>{{ title }}</h1><ul>"
    "{% for card in cards %}{% set n = loop.index %}" + CARD + "{% endfor %}</ul></main></body></html>"
)
WORDS = (
    "block printed cotton indigo madder mulmul teak hand dyed woven brass cast clay glazed cobalt turquoise bamboo cane"
)
CARDS = [
    {
        "title": f"Hand made thing number {n} of the bazaar",
        "price": f"₹{n},150",
        "shop": f"Shop of lane {n}",
        "city": "Jaipur",
        "words": " ".join([WORDS] * 4)[n : n + 480],
    }
    for n in range(24)
]

app = Flask(__name__)
TEMPLATE = app.jinja_env.from_string(PAGE)


@app.get("/")
def cards() -> str:
    """24 cards."""
    return TEMPLATE.render(title="Anchor", cards=CARDS)


@app.get("/hello")
def hello() -> str:
    """Flask's own cost."""
    return "hello"
