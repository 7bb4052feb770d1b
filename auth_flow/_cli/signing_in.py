"""`auth-flow sign-in`, `sign-up` and `reset-password`: conversations with a pool."""

from __future__ import annotations

import json
from contextlib import suppress

import click

from auth_flow._cli.authenticators import takes_security_key
from auth_flow._cli.browser import REDIRECT_URI, provider_of, sign_in_in_browser
from auth_flow._cli.conversation import Conversation, Opening, conversation
from auth_flow._cli.kept_session import kept_flow, set_current
from auth_flow._cli.pool_options import takes_pool, takes_sign_in_options
from auth_flow._cli.questions import parameters_of
from auth_flow._cli.terminal import InputEnded, Terminal, printable, read_line
from auth_flow._flow import AuthFlow
from auth_flow._user_pool import UserPool
from auth_flow.errors import AuthFlowError
from auth_flow.states._events import SignInOptions, SignInWithRedirect
from auth_flow.states.forms import FormSettings
from auth_flow.states.steps import CurrentDevice, Done


@click.command(
    help="""Sign in, and answer everything that the pool asks for.

    The pool may ask for a code, a new password or a second factor; the account may have to be
    confirmed first, or its password reset. If standard input is not a terminal, each line of it
    answers one question, in UTF-8.

    With --browser, the browser opens on the hosted pages of the pool's domain, and comes back to
    this program.

    With --keep, the session is stored in a file (AUTH_FLOW_SESSION_FILE). Its key is in the
    system's keyring, or in AUTH_FLOW_SESSION_KEY. If the pool tracks devices, so are the secrets
    by which it recognises this machine at the next sign-in.

    If the pool asks for a passkey, one of this machine is used (auth-flow passkey add), or that of
    a security key.
    """
)
@takes_pool
@takes_sign_in_options
@click.option("--username", help="The user name or an alias. It is asked for if it is missing.")
@click.option(
    "--password-stdin",
    is_flag=True,
    help="Read the password from the first line of standard input.",
)
@click.option(
    "--keep",
    is_flag=True,
    help="Keep the session, encrypted, for whoami, token, attributes, mfa, devices, passkey and "
    "sign-out.",
)
@click.option(
    "--remember-device",
    is_flag=True,
    help="With --keep: ask for no second factor on this machine any more, if the pool leaves that "
    "to its users.",
)
@takes_security_key
@click.option("--show-tokens", is_flag=True, help="Print the tokens as JSON after the sign-in.")
@click.option("--browser", is_flag=True, help="Sign in on the hosted pages (see --oauth-domain).")
@click.option(
    "--provider",
    help="With --browser: go to this identity provider, such as Google, without a choice.",
)
@click.option(
    "--redirect-uri",
    default=REDIRECT_URI,
    show_default=True,
    help="With --browser: where the browser comes back to; a callback URL of the app client.",
)
@click.option(
    "--paste",
    is_flag=True,
    help="With --browser: the browser is on another machine, so ask for the address it came to.",
)
def sign_in(
    pool: UserPool,
    sign_in_options: SignInOptions,
    browser: bool,
    provider: str | None,
    redirect_uri: str,
    paste: bool,
    username: str | None,
    password_stdin: bool,
    keep: bool,
    remember_device: bool,
    security_key: bool,
    show_tokens: bool,
) -> None:
    if browser and pool.domain is None:
        raise click.UsageError("--browser needs the domain of the hosted pages: --oauth-domain.")
    if remember_device and not keep:
        raise click.UsageError("--remember-device needs --keep, which keeps the device's secrets.")
    person = Terminal()
    password = _first_line() if password_stdin else None
    opening = Opening("SIGN_IN", _given(username=username, password=password))
    forms = form_settings(sign_in_options)
    flow = (
        kept_flow(pool, forms=forms, remember_device=remember_device)
        if keep
        else AuthFlow(pool, forms=forms)
    )
    with conversation(flow, person, security_key=security_key) as talk:
        if browser:
            event = SignInWithRedirect(redirect_uri=redirect_uri, provider=provider_of(provider))
            done = sign_in_in_browser(talk, event, paste=paste)
        else:
            done = talk.hold(opening)
        if keep:
            talk.portal.call(set_current, talk.flow)
            _tell_about_passkeys(talk)
        show_result(done, talk.flow, tokens=show_tokens)
        if not keep and not show_tokens:
            _forget_device(talk)
    if done.signed_in and not keep:
        note = "The session was not kept. With --keep, whoami, token and other commands can use it."
        click.echo(note, err=True)
    elif done.device:
        _tell_about_device(done.device)


@click.command(
    help="""Create an account, confirm it, and sign in.

    Without --attribute, the e-mail address and the phone number are asked for. With --preferred
    EMAIL_OTP, SMS_OTP or WEB_AUTHN the account gets no password.
    """
)
@takes_pool
@takes_sign_in_options
@click.option("--username", help="The name of the new user. It is asked for if it is missing.")
@click.option(
    "--attribute",
    "attributes",
    multiple=True,
    metavar="NAME=VALUE",
    help="An attribute of the user. May be repeated.",
)
@click.option(
    "--sign-in/--no-sign-in",
    default=True,
    show_default=True,
    help="Sign in once the account is confirmed.",
)
def sign_up(
    pool: UserPool,
    sign_in_options: SignInOptions,
    username: str | None,
    attributes: tuple[str, ...],
    sign_in: bool,
) -> None:
    given = pairs(attributes)
    settings = form_settings(sign_in_options, attributes=tuple(given), auto_sign_in=sign_in)
    with conversation(AuthFlow(pool, forms=settings), Terminal()) as talk:
        show_result(talk.hold(sign_up_opening(username, given)), talk.flow)
        _forget_device(talk)


@click.command(help="Set a new password with a code that the pool sends.")
@takes_pool
@click.option("--username", help="The user. It is asked for if it is missing.")
def reset_password(pool: UserPool, username: str | None) -> None:
    opening = Opening("FORGOT_PASSWORD", _given(username=username))
    with conversation(AuthFlow(pool), Terminal()) as talk:
        show_result(talk.hold(opening), talk.flow)
        _forget_device(talk)


def form_settings(
    sign_in_options: SignInOptions,
    *,
    attributes: tuple[str, ...] = (),
    auto_sign_in: bool = True,
) -> FormSettings:
    """Return the settings of the forms in a terminal.

    `attributes` are those to sign up with, in place of e-mail address and phone number. A custom
    challenge is shown by its parameters.
    """
    settings = FormSettings()
    return FormSettings(
        sign_in_options=sign_in_options,
        optional_attributes=attributes or settings.optional_attributes,
        auto_sign_in=auto_sign_in,
        custom_question=parameters_of,
    )


def sign_up_opening(username: str | None, attributes: dict[str, str]) -> Opening:
    """Return the opening of a sign-up with the values that are known."""
    fields = {f"attributes.{name}": value for name, value in attributes.items()}
    return Opening("SIGN_UP", {**_given(username=username), **fields})


def show_result(done: Done, flow: AuthFlow, *, tokens: bool = False) -> None:
    """Print the result of a conversation, or only the tokens, as JSON, if `tokens` is true."""
    if tokens and done.signed_in:
        click.echo(json.dumps(_tokens(flow), indent=2))
        return
    username = printable(done.username or "The user")
    if done.signed_in:
        user_id = printable(done.user_id or "unknown")
        click.echo(f"DONE  {username} is signed in, user id {user_id}.")
    else:
        click.echo(f"DONE  The account of {username} is ready. Nobody is signed in.")


def _forget_device(talk: Conversation) -> None:
    """Forget the device of a session that is not kept, because its secret is lost."""
    if talk.flow.signed_in and talk.flow.session.device:
        with suppress(AuthFlowError):  # then it stays in the user's list
            talk.portal.call(talk.flow.session.forget_device)


def _tell_about_device(device: CurrentDevice) -> None:
    if device.error:
        note = f"This machine is not a remembered device yet: {device.error}."
    elif device.user_decides:
        note = "To do without a second factor on this machine: auth-flow devices remember"
    else:
        return
    click.echo(printable(note), err=True)


def _tell_about_passkeys(talk: Conversation) -> None:
    if not talk.person.patient:
        return
    with suppress(AuthFlowError):  # the user is signed in without this note
        if talk.portal.call(talk.flow.session.passkey_offer):
            note = "To sign in by a passkey of this machine: auth-flow passkey add"
            talk.person.tell(note, "quiet")


def _tokens(flow: AuthFlow) -> dict[str, str]:
    held = flow.session.tokens.to_json()
    return {
        name: held[name] for name in ("access_token", "id_token", "refresh_token") if held.get(name)
    }


def _first_line() -> str:
    line = read_line().rstrip("\r\n")
    if not line:
        raise InputEnded("Password")
    return line


def _given(**values: str | None) -> dict[str, str]:
    return {name: value for name, value in values.items() if value is not None}


def pairs(attributes: tuple[str, ...]) -> dict[str, str]:
    """Read attributes that were given as NAME=VALUE."""
    split = [attribute.partition("=") for attribute in attributes]
    if not all(name and equals for name, equals, _ in split):
        raise click.UsageError("An attribute has the form NAME=VALUE, as in email=ada@example.org.")
    return {name: value for name, _, value in split}
