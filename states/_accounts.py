"""Accounts and passwords: sign-up, confirmation and reset, each with its way on to a sign-in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pydantic import SecretStr

from auth_flow.errors import NotAuthorizedException
from auth_flow.states._base import reveal
from auth_flow.states._effects import Call, Dialogue
from auth_flow.states._events import ConfirmResetPassword, ConfirmSignUp, SignInOptions, SignUp
from auth_flow.states._record import Record
from auth_flow.states._replies import DeliveryReply, SessionReply, SignUpReply
from auth_flow.states._requests import Requests, pairs, session_is_over
from auth_flow.states._sign_in import DialogueResult
from auth_flow.states.steps import (
    AutoSignInReady,
    CodeDelivery,
    ConfirmationRequired,
    Done,
    PasswordResetCode,
    Step,
)


@dataclass(frozen=True, slots=True)
class AccountDialogue:
    """The dialogues of one event. `record` is what is known so far, `clock` tells seconds since the
    epoch.
    """

    record: Record
    requests: Requests
    clock: Callable[[], float]

    def sign_up(self, said: SignUp) -> Dialogue[DialogueResult]:
        """Create the account; Cognito says whether it has to be confirmed."""
        reply = SignUpReply.read(
            "SignUp",
            (
                yield self.requests.account(
                    "SignUp",
                    said.username,
                    Password=reveal(said.password) if said.password else None,
                    UserAttributes=pairs(said.user_attributes or {}) or None,
                    ValidationData=pairs(said.validation_data or {}) or None,
                )
            ),
        )
        sign_in_options = (
            said.auto_sign_in
            if isinstance(said.auto_sign_in, SignInOptions)
            else SignInOptions()
            if said.auto_sign_in
            else None
        )
        delivery, record = (
            CodeDelivery.of(reply.delivery),
            Record(login_id=said.username, sign_in_options=sign_in_options),
        )
        if not reply.confirmed:
            step: Step = ConfirmationRequired(code_delivery=delivery, user_id=reply.user_id)
            record = record.model_copy(update={"code_sent_at": self.clock()})
        elif sign_in_options:
            step = AutoSignInReady()
        else:
            step = Done(signed_in=False, username=said.username, user_id=reply.user_id)
        return DialogueResult(self._with(record, step, reply.session))

    def confirm_sign_up(self, said: ConfirmSignUp) -> Dialogue[DialogueResult]:
        """Confirm the account. SignUp's session is handed in, and the one that comes back signs in
        without a password.

        The session is good for minutes, the code for a day: where the service no longer knows the
        one, the other still counts.
        """
        record = self._record_of(said.username)
        session = record.session if record.expires_at and self.clock() < record.expires_at else None
        try:
            reply = yield self._confirmation(record, said, session)
        except NotAuthorizedException as error:
            if session is None or not session_is_over(error):
                raise
            reply = yield self._confirmation(record, said, None)
        return self._account_ready(record, SessionReply.read("ConfirmSignUp", reply).session)

    def _confirmation(self, record: Record, said: ConfirmSignUp, session: SecretStr | None) -> Call:
        return self.requests.account(
            "ConfirmSignUp",
            _login_id(record),
            ConfirmationCode=reveal(said.code),
            ForceAliasCreation=said.force_alias_creation,
            Session=session.get_secret_value() if session else None,
        )

    def resend_code(self, username: str | None) -> Dialogue[DialogueResult]:
        """Send the code of a sign-up once more."""
        record = self._record_of(username)
        operation = "ResendConfirmationCode"
        reply = DeliveryReply.read(
            operation, (yield self.requests.account(operation, _login_id(record)))
        )
        known = record.step.user_id if isinstance(record.step, ConfirmationRequired) else None
        step = ConfirmationRequired(code_delivery=CodeDelivery.of(reply.delivery), user_id=known)
        return DialogueResult(self._code_sent(record, step))

    def reset_password(self, username: str | None) -> Dialogue[DialogueResult]:
        """Have a code sent that allows a new password."""
        record = self._record_of(username)
        operation = "ForgotPassword"
        reply = DeliveryReply.read(
            operation, (yield self.requests.account(operation, _login_id(record)))
        )
        step = PasswordResetCode(code_delivery=CodeDelivery.of(reply.delivery))
        return DialogueResult(self._code_sent(record, step))

    def confirm_reset_password(self, said: ConfirmResetPassword) -> Dialogue[DialogueResult]:
        """Set the new password."""
        record = self._record_of(said.username)
        yield self.requests.account(
            "ConfirmForgotPassword",
            _login_id(record),
            ConfirmationCode=reveal(said.code),
            Password=reveal(said.new_password),
        )
        return self._account_ready(record, None)

    def _record_of(self, username: str | None) -> Record:
        """What is known about the user in question: nothing, where it is another one than the
        flow's.
        """
        if username is None or username in (self.record.login_id, self.record.username):
            return self.record
        return Record(login_id=username)

    def _account_ready(self, record: Record, session: SecretStr | None) -> DialogueResult:
        if record.sign_in_options is not None:
            return DialogueResult(self._with(record, AutoSignInReady(), session))
        return DialogueResult(
            self._with(
                Record(login_id=record.login_id),
                Done(signed_in=False, username=record.login_id),
                None,
            )
        )

    def _code_sent(self, record: Record, step: Step) -> Record:
        return record.model_copy(update={"step": step, "code_sent_at": self.clock()})

    def _with(self, record: Record, step: Step, session: SecretStr | None) -> Record:
        now = self.clock()
        times = {"issued_at": now, "expires_at": now + self.requests.pool.auth_session_validity}
        absent = {"issued_at": None, "expires_at": None}
        return record.model_copy(
            update={"step": step, "session": session, **(times if session else absent)}
        )


def _login_id(record: Record) -> str:
    assert record.login_id is not None
    return record.login_id
