"""For operators: commands, checks, health. Nothing imports it, apart from urls."""
