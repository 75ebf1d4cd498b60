"""What people say: short conversations, in English and Norwegian.

A line starts with `c` (customer) or `a` (agent). The first line is what the customer asks.
"""

CONVERSATIONS: tuple[tuple[int, tuple[str, ...]], ...] = (
    (7, ("c Hi, I can't log in after the update this morning.",
         "a Sorry about that! Do you see an error message?",
         "c It says my session has expired, again and again.",
         "a Please try once in a private window. Some browsers kept an old cookie.",
         "c That worked 🎉 Thank you!", "a Great. Have a nice day!")),
    (7, ("c Hei! Appen krasjer når jeg åpner kalenderen.",
         "a Hei, det skal vi se på. Hvilken telefon bruker du?",
         "c En gammel Android, versjon 10 tror jeg.",
         "a Da trenger du oppdateringen som kom i går. Kan du se etter den i butikken?",
         "c Fant den, laster ned nå.", "c Nå virker det. Tusen takk 😊")),
    (8, ("c Hello, what would 20 licences cost for a year?",
         "a Hi! For 20 users it is 2,400 per licence and year, support included.",
         "c Is there a discount if we take three years?",
         "a Yes, 10 %. Shall I send you an offer by e-mail?",
         "c Please do, to the address I entered.", "a It is on its way.")),
    (9, ("c I was charged twice in February.",
         "a I am sorry. Could you give me the invoice number?",
         "c 2026-0231 and 2026-0232, same amount.",
         "a You are right, the second one is a mistake. I have credited it.",
         "c When do I get the money?", "a Within five working days.", "c Thanks for the help.")),
    (9, ("c Hei, fakturaen vår mangler bestillingsnummer.",
         "a Hei! Hvilket nummer skal stå på den?", "c PO-77812",
         "a Da sender jeg en ny faktura i dag.", "c Supert, takk skal du ha!")),
    (7, ("c How do I export my contacts?",
         "a Open Settings, then <b>Export</b>, and choose CSV.",
         "c I only see PDF there?", "a Then the administrator has switched it off. Who is that?",
         "c That would be me, I think 😅", "a Under Rights, tick “Export of lists”.", "c Got it!")),
    (8, ("c Do you ship to Iceland?", "a We do, about four working days.",
         "c And customs?", "a Included in the price.", "c Perfect.")),
    (7, ("c Passordet mitt virker ikke lenger.",
         "a Jeg har sendt deg en lenke for å velge et nytt. Har du fått den?",
         "c Ikke ennå …", "a Se gjerne i søppelpost.", "c Der var den. Takk!")),
    (8, ("c Can I get a demo of the new reports?",
         "a Gladly. Would Thursday at ten suit you?", "c Thursday is fine.",
         "a You will get an invitation in a minute.")),
    (9, ("c Can we pay by invoice instead of card?",
         "a Yes, from the next period on. Which e-mail should invoices go to?",
         "c invoice@kowalski.example", "a Done.", "c Thank you!")),
    (7, ("c The import stops at row 1,204 with “invalid date”.",
         "a Could you show me that row?", "c 31.02.2026 😳 never mind, my mistake!",
         "a Happens to the best of us.", "c Bye!")),
    (8, ("c Hva er forskjellen på Basis og Pluss?",
         "a Pluss har rapporter, chat og flere brukere.", "c Kan vi bytte midt i året?",
         "a Ja, når som helst.", "c Fint, da tenker vi på det.")),
)  # fmt: skip

HOSTILE = (
    "<script>alert('x')</script><img src=x onerror=alert(1)>Is this shown as text?",
    '<a href="javascript:alert(1)">my order</a> <b onmouseover="alert(2)">urgent</b>',
    "Supercalifragilisticexpialidocious" * 12,
    '=HYPERLINK("http://evil.example","click") and +1+1 and @SUM(1)',
    "שלום! האם אתם יכולים לעזור לי עם ההזמנה? order 12345 \u202egnihtyna",
    "👩‍👩‍👧‍👦 🏳️‍🌈 e\u0301 ﷽ 𝒻𝒶𝓃𝒸𝓎 Z̸̢a̷l̶g̵o̴ text",
    "</div></body></html> & &amp; &lt;b&gt; %00 \\u0000 '; DROP TABLE chat_session; --",
)

OPENINGS = tuple(lines[0][2:] for _, lines in CONVERSATIONS)
FOLLOW_UPS = (
    "Thanks, let me check.", "Yes, exactly.", "No, that did not help 😕", "Det høres bra ut!",
    "One moment please …", "I tried that already. Anything else?", "OK 👍", "Hva mener du med det?",
    "Could you send me a link?", "That makes sense, thank you.", "It is the blue one, I think.",
    "Perfect, that was all I needed. Thank you!",
)  # fmt: skip
ANSWERS = (
    "Let me look at that for you.", "Could you tell me a bit more?", "I have found it, one moment.",
    "Det ordner jeg med en gang.", "Done. Anything else I can help with?",
)  # fmt: skip
REASONS = (
    "Mia knows this product better than I do, I am asking her to take over.",
    "My shift ends in a few minutes. Mia will help you from here.",
    "This is about an offer, so I am handing you over to Mia in Sales.",
)
FIRST_NAMES = ("Anna", "Bjørn", "Chloe", "Daniel", "Emma", "Fatima", "Geir", "Hilde", "Ivan",
               "Julia", "Kofi", "Linnéa", "Mads", "Nina", "Omar", "Priya", "Rolf", "Siri",
               "Tuva", "Viktor")  # fmt: skip
LAST_NAMES = ("Andersen", "Brown", "Costa", "Diallo", "Evensen", "Fischer", "Grønli", "Hansen",
              "Iversen", "Jensen", "Khan", "Larsen", "Moen", "Novak", "Olsen", "Patel",
              "Ruud", "Smith", "Thorsen", "Wilson")  # fmt: skip
