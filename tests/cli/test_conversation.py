"""Conversations with a person in every situation that a sign-in can run into, on the embedded
pool.
"""

from __future__ import annotations

import pytest

from auth_flow import UserPool
from auth_flow._cli.conversation import Conversation, Opening, conversation
from auth_flow._cli.embedded_pool import ATTRIBUTES, PASSWORD, USERNAME
from auth_flow._cli.signing_in import form_settings, sign_up_opening
from auth_flow._cli.words import explain
from auth_flow.embedded import _totp as totp
from auth_flow.errors import (
    AuthFlowError,
    CodeMismatchException,
    ConnectionLost,
    ResourceNotFoundException,
    SessionExpired,
)
from auth_flow.states import SignInOptions
from auth_flow.states.steps import Done
from tests.cli.pools import TestPool
from tests.cli.scripted import Line, ScriptedPerson

NEW_PASSWORD = "Another-Horse-2"


def sign_in(
    pool: TestPool,
    person: ScriptedPerson,
    sign_in_options: SignInOptions | None = None,
    app: UserPool | None = None,
) -> Done:
    settings = form_settings(sign_in_options or SignInOptions())
    with conversation(pool.flow(app, forms=settings), person) as talk:
        return talk.hold(Opening("SIGN_IN"))


def signed_in(done: Done) -> bool:
    return done.signed_in and done.username == USERNAME


def words(kind: type[AuthFlowError]) -> str:
    return explain(kind("", operation="") if kind is not SessionExpired else kind())  # type: ignore[call-arg]


def test_sign_in_with_a_code() -> None:
    pool = TestPool()
    pool.add(mfa=["SMS_MFA"])
    person = ScriptedPerson(USERNAME, PASSWORD, pool.code)
    assert signed_in(sign_in(pool, person))
    assert [kind for kind, _ in person.asked] == ["text", "secret", "code"]


def test_a_wrong_code_is_asked_for_again() -> None:
    pool = TestPool()
    pool.add(mfa=["SMS_MFA"])
    person = ScriptedPerson(USERNAME, PASSWORD, pool.wrong_code, "letters", pool.code)
    assert signed_in(sign_in(pool, person))
    assert person.heard == [
        "We sent a code by SMS to +*******0100.",
        'Or type "resend": Send a new code.',
        words(CodeMismatchException),
        "The code has only digits.",
    ]


def test_a_code_is_sent_again_by_starting_again() -> None:
    pool = TestPool()
    pool.add(mfa=["EMAIL_OTP"])
    sent = pool.service.outbox.messages

    def too_soon() -> str:
        assert len(sent) == 1
        return "resend"

    def in_time() -> str:
        assert person.heard[-1] == "Please wait a moment before you ask for another code."
        pool.clock.turn(seconds=31)
        return "resend"

    person = ScriptedPerson(USERNAME, PASSWORD, too_soon, in_time, pool.code)
    assert signed_in(sign_in(pool, person))
    assert len(sent) == 2
    assert person.everything_heard.count("We sent a code") == 2


def test_a_wrong_password_is_asked_for_again() -> None:
    pool = TestPool()
    pool.add()
    person = ScriptedPerson(USERNAME, "wrong", "wrong too", PASSWORD)
    assert signed_in(sign_in(pool, person))
    assert person.asked == [("text", "User name"), *[("secret", "Password")] * 3]
    assert person.heard == ["The user name or the password is wrong."] * 2


def test_a_user_name_that_nobody_has_is_asked_for_again() -> None:
    pool = TestPool()
    pool.add()
    pool.client.settings = pool.client.settings.model_copy(
        update={"prevent_user_existence_errors": "LEGACY"}
    )
    person = ScriptedPerson("adaa", PASSWORD, USERNAME, PASSWORD)
    assert signed_in(sign_in(pool, person))
    assert person.heard == ["The user name or the password is wrong."]


def test_who_does_not_begin_again_gets_the_error() -> None:
    pool = TestPool()
    pool.add(mfa=["SMS_MFA"])

    def too_late() -> str:
        pool.clock.turn(minutes=4)
        return "123456"

    with pytest.raises(SessionExpired):
        sign_in(pool, ScriptedPerson(USERNAME, PASSWORD, too_late, "no"))


def test_an_expired_sign_in_begins_again_without_retyping() -> None:
    pool = TestPool()
    pool.add(mfa=["SMS_MFA"])

    def too_late() -> str:
        code = pool.code()
        pool.clock.turn(minutes=4)
        return code

    person = ScriptedPerson(USERNAME, PASSWORD, too_late, "yes", pool.code)
    assert signed_in(sign_in(pool, person))
    assert person.asked[3] == ("offer", "Begin again?")
    assert person.heard[2] == words(SessionExpired)


def test_a_temporary_password_is_replaced_and_the_policy_explained() -> None:
    pool = TestPool(required_attributes=("email", "name"))
    pool.add(status="FORCE_CHANGE_PASSWORD")
    person = ScriptedPerson(USERNAME, PASSWORD, "Ada", "short", NEW_PASSWORD)
    assert signed_in(sign_in(pool, person))
    assert person.asked[-1] == ("new password", "New password")
    assert any(
        line.startswith("That password is not accepted: ") and "policy" in line
        for line in person.heard
    )


def test_an_unconfirmed_account_is_confirmed_on_the_way() -> None:
    pool = TestPool()
    pool.add(status="UNCONFIRMED")
    assert signed_in(sign_in(pool, ScriptedPerson(USERNAME, PASSWORD, "yes", pool.code)))


def test_a_required_reset_is_done_on_the_way() -> None:
    pool = TestPool()
    pool.add(status="RESET_REQUIRED")

    def resend() -> str:
        pool.clock.turn(seconds=31)
        return "resend"

    person = ScriptedPerson(
        *(USERNAME, PASSWORD, pool.wrong_code, NEW_PASSWORD, resend, pool.code, NEW_PASSWORD)
    )
    assert signed_in(sign_in(pool, person))


def test_a_required_reset_that_the_service_refuses_is_not_asked_for_without_end() -> None:
    pool = TestPool()
    pool.add(status="RESET_REQUIRED", attributes={})
    with pytest.raises(AuthFlowError):
        sign_in(pool, ScriptedPerson(USERNAME, PASSWORD))


def test_choosing_a_factor_and_a_second_one() -> None:
    pool = TestPool()
    key = totp.new_secret()
    pool.add(mfa=["SMS_MFA", "SOFTWARE_TOKEN_MFA"], totp_secret=key)
    person = ScriptedPerson(
        USERNAME, "PASSWORD", "wrong", PASSWORD, "TOTP", lambda: totp.code(key, pool.clock())
    )
    assert signed_in(sign_in(pool, person, SignInOptions(auth_flow_type="USER_AUTH")))
    assert [kind for kind, _ in person.asked] == [
        "text",
        "choice",
        "secret",
        "secret",
        "choice",
        "code",
    ]


def test_setting_up_an_authenticator_app() -> None:
    pool = TestPool(mfa_configuration="ON", mfa_factors=("SOFTWARE_TOKEN_MFA", "EMAIL_OTP"))
    pool.add(attributes={})
    person = ScriptedPerson(
        *(USERNAME, PASSWORD, "TOTP", "phone", "000000"),
        lambda: totp.code(key_shown(person), pool.clock()),
    )
    assert signed_in(sign_in(pool, person))
    assert person.heard[-1] == "That is not the code that the app shows now."
    assert "otpauth://" in person.everything_heard


def key_shown(person: ScriptedPerson) -> str:
    return next(line[5:].replace(" ", "") for line in person.heard if line.startswith("copy:"))


def test_signing_up_confirming_and_signing_in() -> None:
    pool = TestPool()
    answers: list[Line] = [USERNAME, ATTRIBUTES["email"], "", "short", PASSWORD, pool.code]
    person = ScriptedPerson(*answers)
    with conversation(pool.flow(), person) as talk:
        assert signed_in(talk.hold(Opening("SIGN_UP")))
    user = pool.pool.user(USERNAME)
    assert user is not None
    assert user.attributes["email"] == ATTRIBUTES["email"]
    assert "phone_number" not in user.attributes


def test_one_bad_field_at_sign_up_is_asked_for_alone() -> None:
    pool = TestPool()
    pool.add()
    typed = [USERNAME, "nowhere", "", PASSWORD, ATTRIBUTES["email"], "grace"]
    person = ScriptedPerson(*typed, pool.code)
    with conversation(pool.flow(), person) as talk:
        assert talk.hold(Opening("SIGN_UP")).username == "grace"
    assert [label for _, label in person.asked] == [
        "User name",
        "E-mail address (optional)",
        "Phone number (optional)",
        "Password",
        "E-mail address (optional)",  # nothing was sent
        "User name",  # it is taken
        "Code",
    ]
    assert "An e-mail address looks like ada@example.org." in person.heard
    assert "There is already an account with this user name." in person.heard


def test_signing_up_without_a_password() -> None:
    pool = TestPool()
    person = ScriptedPerson(pool.code)
    options = SignInOptions(auth_flow_type="USER_AUTH", preferred_challenge="EMAIL_OTP")
    settings = form_settings(options, attributes=tuple(ATTRIBUTES))
    with conversation(pool.flow(forms=settings), person) as talk:
        assert signed_in(talk.hold(sign_up_opening(USERNAME, ATTRIBUTES)))


def test_signing_up_without_signing_in() -> None:
    pool = TestPool()
    person = ScriptedPerson(PASSWORD, pool.code)
    settings = form_settings(SignInOptions(), attributes=tuple(ATTRIBUTES), auto_sign_in=False)
    with conversation(pool.flow(forms=settings), person) as talk:
        done = talk.hold(sign_up_opening(USERNAME, ATTRIBUTES))
    assert not done.signed_in


def test_resetting_a_password() -> None:
    pool = TestPool()
    pool.add()
    person = ScriptedPerson(USERNAME, pool.code, "short", NEW_PASSWORD)
    with conversation(pool.flow(), person) as talk:
        assert not talk.hold(Opening("FORGOT_PASSWORD")).signed_in
    assert [kind for kind, _ in person.asked[-2:]] == ["new password", "new password"]
    assert signed_in(sign_in(pool, ScriptedPerson(USERNAME, NEW_PASSWORD)))


LOST = (
    "The connection broke before the reply came. Your last answer may have been accepted, so it is "
    "not sent again."
)


def test_the_reply_to_a_code_is_lost() -> None:
    pool = TestPool()
    pool.add(mfa=["SMS_MFA"])
    pool.loses = ["RespondToAuthChallenge"]
    options = SignInOptions(auth_flow_type="USER_PASSWORD_AUTH")
    person = ScriptedPerson(USERNAME, PASSWORD, pool.code, "yes", pool.code)
    assert signed_in(sign_in(pool, person, options))
    assert ("offer", "Sign in again?") in person.asked
    assert LOST in person.heard


def test_the_reply_to_a_confirmation_is_lost() -> None:
    pool = TestPool()
    pool.loses = ["ConfirmSignUp"]
    person = ScriptedPerson(PASSWORD, pool.code, "yes")
    with conversation(pool.flow(forms=form_settings(SignInOptions())), person) as talk:
        assert signed_in(talk.hold(sign_up_opening(USERNAME, {**ATTRIBUTES, "phone_number": ""})))
    assert LOST in person.heard
    assert person.asked[-1] == ("offer", "Sign in?")


def test_the_reply_to_a_sign_up_is_lost() -> None:
    pool = TestPool()
    pool.loses = ["SignUp"]
    person = ScriptedPerson(PASSWORD, "yes", pool.code)
    with conversation(pool.flow(), person) as talk:
        done = talk.hold(sign_up_opening(USERNAME, {**ATTRIBUTES, "phone_number": ""}))
    assert done == Done(signed_in=False, username=USERNAME)
    assert ("offer", "Send a new code?") in person.asked


def test_the_reply_to_a_new_password_is_lost() -> None:
    pool = TestPool()
    pool.add()
    pool.loses = ["ConfirmForgotPassword"]
    person = ScriptedPerson(USERNAME, pool.code, NEW_PASSWORD, NEW_PASSWORD)
    with conversation(pool.flow(), person) as talk:
        assert signed_in(talk.hold(Opening("FORGOT_PASSWORD")))
    assert person.asked[-1] == ("secret", "New password")


def test_without_a_person_a_lost_reply_ends_it() -> None:
    pool = TestPool()
    pool.add(mfa=["SMS_MFA"])
    pool.loses = ["RespondToAuthChallenge"]
    options = SignInOptions(auth_flow_type="USER_PASSWORD_AUTH")
    with pytest.raises(ConnectionLost):
        sign_in(pool, ScriptedPerson(USERNAME, PASSWORD, pool.code, patient=False), options)


def test_an_error_that_no_answer_helps_against_ends_it() -> None:
    pool = TestPool()
    pool.add()
    nobody = UserPool(user_pool_id=pool.pool.id, client_id="nosuchclient")
    with pytest.raises(ResourceNotFoundException):
        sign_in(pool, ScriptedPerson(USERNAME, PASSWORD), app=nobody)


@pytest.mark.parametrize(
    "answers", [[USERNAME, "wrong"], [USERNAME, PASSWORD, "000"], [USERNAME, PASSWORD, "letters"]]
)
def test_who_cannot_be_asked_again_gets_the_error_at_once(answers: list[str]) -> None:
    pool = TestPool()
    pool.add(mfa=["SMS_MFA"])
    person = ScriptedPerson(*answers, patient=False)
    with pytest.raises(AuthFlowError):
        sign_in(pool, person)
    assert not person.answers


def test_an_interrupt_ends_the_conversation_and_its_event_loop() -> None:
    pool = TestPool()
    pool.add(mfa=["SMS_MFA"])

    def interrupt() -> str:
        raise KeyboardInterrupt

    person = ScriptedPerson(USERNAME, PASSWORD, interrupt)
    talks: list[Conversation] = []
    with pytest.raises(KeyboardInterrupt), conversation(pool.flow(), person) as talk:  # noqa: PT012
        talks.append(talk)
        talk.hold(Opening("SIGN_IN"))
    with pytest.raises(RuntimeError):
        talks[0].portal.call(talks[0].flow.aclose)


def test_nothing_secret_is_said() -> None:
    pool = TestPool()
    pool.add(status="FORCE_CHANGE_PASSWORD")
    person = ScriptedPerson(USERNAME, PASSWORD, NEW_PASSWORD)
    assert signed_in(sign_in(pool, person))
    assert PASSWORD not in person.everything_heard
    assert NEW_PASSWORD not in person.everything_heard
