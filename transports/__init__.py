"""How a request travels: the protocol, Cognito over httpx, and the embedded user pool."""
