"""For people: the console in the browser. Nothing imports it."""
