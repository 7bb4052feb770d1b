"""`auth-flow demo`: the command, its pool, and the person and the phone that answer."""
