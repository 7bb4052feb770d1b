"""`auth-flow demo`: the command, the pool inside its process, the phone that codes arrive on, and
the person who answers.
"""
