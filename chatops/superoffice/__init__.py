"""How we speak to SuperOffice: a small client library that knows nothing of Django.

Anyone above may import it; it imports nothing of the project. `Client` names the endpoints,
`Transport` sends, the classes in `auth` sign, `entities` hold what comes back, and `errors` say
what the caller may do next.
"""
