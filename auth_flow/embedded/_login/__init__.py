"""Managed login: the pages and the OAuth endpoints of a pool.

::

    _routes      which path is answered by which function
    _errors      the three ways in which a request is refused
    _authorize   /oauth2/authorize: the checked request, and the return to the application
    _beginning   from the request of an application to the first page
    _attempts    sign-ins under way in a browser
    _html        pages as responses, and the files that they load
    _pages       /login, /signup, /forgotPassword
    _passkeys    /passkeys/add
    _arrival     the end of a sign-in
    _providers   sign-in with an OpenID Connect provider
    _cookies     what a browser keeps
    _clients     how an application proves which client it is
    _grants      tokens as the OAuth endpoints issue them
    _tokens      /oauth2/token and /oauth2/revoke
    _user_info   /oauth2/userInfo
    _logout      /logout

A request finds its pool by the app client that it names. So every pool is served at the endpoint
itself, with or without a domain of its own.
"""
