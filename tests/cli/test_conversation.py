"""Conversations with a person in every situation that a sign-in can run into, on the embedded
pool.
"""

from __future__ import annotations

import pytest

from auth_flow._cli.conversation import Conversation, conversation
from auth_flow._cli.embedded_pool import ATTRIBUTES, PASSWORD, USERNAME
from auth_flow._cli.openings import ResetOpening, SignInOpening, SignUpOpening
from auth_flow._cli.words import explain
from auth_flow._user_pool import UserPool
from auth_flow.embedded import _totp as totp
from auth_flow.errors import (
    AuthFlowError,
    CodeMismatchException,
    ResourceNotFoundException,
    SessionExpired,
)
from auth_flow.states._events import SignInOptions
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
    with conversation(pool.flow(app), person) as talk:
        return talk.hold(SignInOpening(person, sign_in_options or SignInOptions()))


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
        "A code was sent by SMS to +*******0100.",
        'Type "resend" to have a new code sent.',
        words(CodeMismatchException),
        "A code by SMS or e-mail must consist of digits.",
    ]


def test_a_code_is_sent_again_by_starting_again() -> None:
    pool = TestPool()
    pool.add(mfa=["EMAIL_OTP"])
    sent = pool.service.outbox.messages
    person = ScriptedPerson(USERNAME, PASSWORD, "resend", pool.code)
    assert signed_in(sign_in(pool, person))
    assert len(sent) == 2
    assert person.everything_heard.count("A code was sent") == 2


def test_a_wrong_password_is_asked_for_again() -> None:
    pool = TestPool()
    pool.add()
    person = ScriptedPerson(USERNAME, "wrong", "wrong too", PASSWORD)
    assert signed_in(sign_in(pool, person))
    assert person.asked == [("text", "User name"), *[("secret", "Password")] * 3]
    assert person.heard == ["Incorrect username or password. (NotAuthorizedException)"] * 2


def test_a_user_name_that_nobody_has_is_asked_for_again() -> None:
    pool = TestPool()
    pool.add()
    pool.client.settings = pool.client.settings.model_copy(
        update={"prevent_user_existence_errors": "LEGACY"}
    )
    person = ScriptedPerson("adaa", PASSWORD, USERNAME, PASSWORD)
    assert signed_in(sign_in(pool, person))
    assert person.heard == ["There is no such user."]


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
    person = ScriptedPerson(USERNAME, PASSWORD, "short", "Ada", NEW_PASSWORD)
    assert signed_in(sign_in(pool, person))
    assert person.asked[-1] == ("new password", "New password")
    assert any(
        line.startswith("That password is not accepted: ") and "policy" in line
        for line in person.heard
    )


def test_an_unconfirmed_account_is_confirmed_on_the_way() -> None:
    pool = TestPool()
    pool.add(status="UNCONFIRMED")
    assert signed_in(sign_in(pool, ScriptedPerson(USERNAME, PASSWORD, "again", pool.code)))


def test_a_required_reset_is_done_on_the_way() -> None:
    pool = TestPool()
    pool.add(status="RESET_REQUIRED")
    person = ScriptedPerson(
        USERNAME, PASSWORD, pool.wrong_code, NEW_PASSWORD, "resend", pool.code, NEW_PASSWORD
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
        USERNAME, PASSWORD, "TOTP", "000000", lambda: totp.code(key_shown(person), pool.clock())
    )
    assert signed_in(sign_in(pool, person))
    assert person.heard[1:] == ["That is not the right code."]
    assert "otpauth://" in person.heard[0]


def key_shown(person: ScriptedPerson) -> str:
    return next(line.split()[0] for line in reversed(person.heard) if "otpauth://" in line)


def test_signing_up_confirming_and_signing_in() -> None:
    pool = TestPool()
    answers: list[Line] = [USERNAME, "short", ATTRIBUTES["email"], "", PASSWORD, pool.code]
    person = ScriptedPerson(*answers)
    with conversation(pool.flow(), person) as talk:
        assert signed_in(talk.hold(SignUpOpening(person, SignInOptions())))
    user = pool.pool.user(USERNAME)
    assert user is not None
    assert user.attributes["email"] == ATTRIBUTES["email"]
    assert "phone_number" not in user.attributes


def test_signing_up_with_a_name_that_is_taken() -> None:
    pool = TestPool()
    pool.add()
    person = ScriptedPerson(
        USERNAME, PASSWORD, "", "", "grace", PASSWORD, ATTRIBUTES["email"], "", pool.code
    )
    with conversation(pool.flow(), person) as talk:
        assert talk.hold(SignUpOpening(person, SignInOptions())).username == "grace"
    assert person.asked[4] == ("text", "User name")


def test_signing_up_without_a_password() -> None:
    pool = TestPool()
    person = ScriptedPerson(pool.code)
    sign_in_options = SignInOptions(auth_flow_type="USER_AUTH", preferred_challenge="EMAIL_OTP")
    with conversation(pool.flow(), person) as talk:
        assert signed_in(talk.hold(SignUpOpening(person, sign_in_options, USERNAME, ATTRIBUTES)))


def test_signing_up_without_signing_in() -> None:
    pool = TestPool()
    person = ScriptedPerson(PASSWORD, pool.code)
    with conversation(pool.flow(), person) as talk:
        done = talk.hold(
            SignUpOpening(person, SignInOptions(), USERNAME, ATTRIBUTES, sign_in=False)
        )
    assert not done.signed_in


def test_resetting_a_password() -> None:
    pool = TestPool()
    pool.add()
    person = ScriptedPerson(USERNAME, pool.code, "short", NEW_PASSWORD)
    with conversation(pool.flow(), person) as talk:
        assert not talk.hold(ResetOpening(person)).signed_in
    assert [kind for kind, _ in person.asked[-2:]] == ["new password", "new password"]
    assert signed_in(sign_in(pool, ScriptedPerson(USERNAME, NEW_PASSWORD)))


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
        talk.hold(SignInOpening(person, SignInOptions()))
    with pytest.raises(RuntimeError):
        talks[0].portal.call(talks[0].flow.start_again)


def test_nothing_secret_is_said() -> None:
    pool = TestPool()
    pool.add(status="FORCE_CHANGE_PASSWORD")
    person = ScriptedPerson(USERNAME, PASSWORD, NEW_PASSWORD)
    assert signed_in(sign_in(pool, person))
    assert PASSWORD not in person.everything_heard
    assert NEW_PASSWORD not in person.everything_heard
