"""The commands, a module a field. Each function imports what it runs when it runs, so that `calmline --help` is quick."""
