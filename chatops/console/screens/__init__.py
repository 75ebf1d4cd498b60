"""The screens of the console, a module each. They read, and hand wishes to `actions.verbs`."""
