"""Signing in: what is said to Cognito, and in which order, until it has tokens for us or a question
for the person.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from auth_flow.errors import AuthFlowError, MalformedResponse, UnknownChallenge
from auth_flow.states import _srp as srp
from auth_flow.states._base import reveal
from auth_flow.states._effects import Call, Checkpoint, Compute, Dialogue
from auth_flow.states._events import (
    ChooseFactor,
    ChooseMfa,
    EnterCode,
    EnterPassword,
    Event,
    SignInOptions,
)
from auth_flow.states._record import Record
from auth_flow.states._replies import AuthReply, SoftwareTokenReply, VerificationReply
from auth_flow.states._requests import Requests
from auth_flow.states._tokens import Tokens
from auth_flow.states.steps import (
    CHALLENGES,
    Challenge,
    Done,
    EmailSetup,
    MfaSetupSelection,
    PasswordRequired,
    TotpSetup,
)


@dataclass(frozen=True, slots=True)
class DialogueResult:
    """Where a dialogue has led: the record to go on from, and at its end the tokens, which no
    record holds.

    `error` tells why it led nowhere: Cognito has moved on, in a way that nobody can follow.
    """

    record: Record
    tokens: Tokens | None = None
    error: MalformedResponse | None = None


@dataclass(frozen=True, slots=True)
class SignInDialogue:
    """The dialogues of one event. `record` is what is known so far, `clock` tells seconds since the
    epoch.
    """

    record: Record
    requests: Requests
    clock: Callable[[], float]

    # The way in

    def begin(
        self, password: SecretStr | None, session: SecretStr | None = None
    ) -> Dialogue[DialogueResult]:
        """Start as the record's way in says. `session` is that of a sign-up: with it, USER_AUTH
        needs nothing else.
        """
        username, sign_in_options = (
            self.record.login_id,
            self.record.sign_in_options or SignInOptions(),
        )
        assert username is not None
        if session is not None:
            preferred = (
                None if sign_in_options.takes_password else sign_in_options.preferred_challenge
            )
            sign_in_options = SignInOptions(
                auth_flow_type="USER_AUTH", preferred_challenge=preferred
            )
        factor, secret = sign_in_options.preferred_challenge, reveal(password or "")
        match sign_in_options.auth_flow_type:
            case "USER_PASSWORD_AUTH":
                start = self.requests.initiate(
                    "USER_PASSWORD_AUTH", USERNAME=username, PASSWORD=secret
                )
            case "CUSTOM_WITHOUT_SRP":
                start = self.requests.initiate("CUSTOM_AUTH", USERNAME=username)
            case "USER_AUTH" if factor == "PASSWORD":
                start = self.requests.initiate(
                    "USER_AUTH", USERNAME=username, PASSWORD=secret, PREFERRED_CHALLENGE=factor
                )
            case "USER_AUTH" if factor != "PASSWORD_SRP":
                start = self.requests.initiate(
                    "USER_AUTH", session, USERNAME=username, PREFERRED_CHALLENGE=factor
                )
            case "USER_AUTH" | "USER_SRP_AUTH" | "CUSTOM_WITH_SRP":
                return (yield from self._begin_with_srp(sign_in_options, username, secret))
        reply = yield from _ask(start)
        return (yield from self._named(username, reply)._arrive(reply))

    def _begin_with_srp(
        self, sign_in_options: SignInOptions, username: str, password: str
    ) -> Dialogue[DialogueResult]:
        keys: srp.ClientKeys = yield Compute(srp.ClientKeys.generate)
        parameters = {"USERNAME": username, "SRP_A": keys.public_hex}
        match sign_in_options.auth_flow_type:
            case "CUSTOM_WITH_SRP":
                start = self.requests.initiate("CUSTOM_AUTH", **parameters, CHALLENGE_NAME="SRP_A")
            case "USER_AUTH":
                start = self.requests.initiate(
                    "USER_AUTH", **parameters, PREFERRED_CHALLENGE="PASSWORD_SRP"
                )
            case _:
                start = self.requests.initiate("USER_SRP_AUTH", **parameters)
        reply = yield from _ask(start)
        here = self._named(username, reply)
        reply = yield from here._prove(reply, keys, password)
        return (yield from here._arrive(reply))

    def _named(self, username: str, reply: AuthReply) -> SignInDialogue:
        """From now on requests carry the name that the service has for the user, where it has told
        one.
        """
        told = reply.parameters.get("USERNAME") or reply.parameters.get("USER_ID_FOR_SRP")
        record = self.record.model_copy(update={"username": told or username})
        return SignInDialogue(record, self.requests, self.clock)

    def _prove(self, reply: AuthReply, keys: srp.ClientKeys, password: str) -> Dialogue[AuthReply]:
        """Answer PASSWORD_VERIFIER where that is what the service asks; any other reply is returned
        as it is.
        """
        if reply.challenge != "PASSWORD_VERIFIER":
            return reply
        user = reply.parameters.get("USER_ID_FOR_SRP")
        if not user:
            raise MalformedResponse(
                "PASSWORD_VERIFIER lacks USER_ID_FOR_SRP", operation=reply.operation
            )
        group, now = srp.pool_name(self.requests.pool.user_pool_id), srp.timestamp(self.clock())
        signature: str = yield Compute(
            lambda: srp.claim(
                keys,
                reply.parameters,
                group=group,
                user=user,
                password=password,
                timestamp=now,
                operation=reply.operation,
            )
        )
        return (
            yield from _ask(
                self.requests.respond(
                    "PASSWORD_VERIFIER",
                    reply.session,
                    USERNAME=user,
                    PASSWORD_CLAIM_SECRET_BLOCK=reply.parameters["SECRET_BLOCK"],
                    PASSWORD_CLAIM_SIGNATURE=signature,
                    TIMESTAMP=now,
                )
            )
        )

    # Challenge answers

    def answer(self, said: Event) -> Dialogue[DialogueResult]:
        """Answer the challenge that the record stands at."""
        step, challenge = self.record.step, self.record.challenge
        assert isinstance(step, Challenge)
        assert challenge is not None
        match step, said:
            case MfaSetupSelection(), ChooseMfa():
                return (yield from self._set_up_totp(self.record))
            case TotpSetup(), EnterCode():
                session = yield from self._verify_totp(said)
                yield Checkpoint(self._waiting(step, challenge, session))
                with _session_spent():
                    reply = yield from self._respond("MFA_SETUP", session, {})
            case PasswordRequired(), EnterPassword() if challenge == "PASSWORD_SRP":
                keys: srp.ClientKeys = yield Compute(srp.ClientKeys.generate)
                responses = {**step.responses(said, challenge), "SRP_A": keys.public_hex}
                reply = yield from self._respond("SELECT_CHALLENGE", self.record.session, responses)
                with _session_spent():
                    reply = yield from self._prove(reply, keys, reveal(said.password))
            case (PasswordRequired(), _) | (_, ChooseFactor()):
                reply = yield from self._respond(
                    "SELECT_CHALLENGE", self.record.session, step.responses(said, challenge)
                )
            case _:
                reply = yield from self._respond(
                    challenge, self.record.session, step.responses(said, challenge)
                )
        return (yield from self._arrive(reply))

    def _respond(
        self, challenge: str, session: SecretStr | None, responses: Mapping[str, str]
    ) -> Dialogue[AuthReply]:
        return (
            yield from _ask(
                self.requests.respond(
                    challenge, session, USERNAME=self.record.username, **responses
                )
            )
        )

    def _verify_totp(self, said: EnterCode) -> Dialogue[SecretStr | None]:
        operation = "VerifySoftwareToken"
        call = self.requests.software_token(
            operation,
            self.record.session,
            UserCode=reveal(said.code),
            FriendlyDeviceName=said.friendly_device_name,
        )
        reply = VerificationReply.read(operation, (yield call))
        reply.check()
        return reply.session or self.record.session

    # What the reply means

    def _arrive(self, reply: AuthReply) -> Dialogue[DialogueResult]:
        """Read a reply: tokens are the end, a challenge is the next step."""
        if reply.tokens is not None:
            tokens = Tokens.issued(reply.tokens, reply.operation, now=self.clock())
            claims = tokens.access_token.claims
            username = claims.username or self.record.username
            done = Done(signed_in=True, username=username, user_id=claims.subject)
            return DialogueResult(
                Record(step=done, login_id=self.record.login_id, username=username), tokens
            )
        if reply.challenge is None:
            raise MalformedResponse(
                "neither tokens nor a challenge came", operation=reply.operation
            )
        kind = CHALLENGES.get(reply.challenge)
        if kind is None:
            raise UnknownChallenge(reply.challenge)
        if reply.session is None:
            problem = f"{reply.challenge} came without a session to answer it with"
            return DialogueResult(
                Record(), error=MalformedResponse(problem, operation=reply.operation)
            )
        step = kind.read(reply)
        record = self._waiting(step, reply.challenge, reply.session)
        if isinstance(step, MfaSetupSelection) and len(step.allowed_mfa_types) == 1:
            if step.allowed_mfa_types == ("TOTP",):
                if self.record.session is None:
                    return (yield from self._set_up_totp(record))
                yield Checkpoint(record)
                with _session_spent():
                    return (yield from self._set_up_totp(record))
            record = record.model_copy(update={"step": EmailSetup()})
        return DialogueResult(record)

    def _set_up_totp(self, record: Record) -> Dialogue[DialogueResult]:
        operation = "AssociateSoftwareToken"
        reply = SoftwareTokenReply.read(
            operation, (yield self.requests.software_token(operation, record.session))
        )
        step = TotpSetup.of(
            reply.secret_code.get_secret_value(),
            issuer=self.requests.pool.issuer,
            account=self.record.login_id or self.record.username or "",
        )
        return DialogueResult(self._waiting(step, "MFA_SETUP", reply.session or record.session))

    def _waiting(self, step: Any, challenge: str | None, session: SecretStr | None) -> Record:
        now = self.clock()
        expiry = now + self.requests.pool.auth_session_validity
        update = {
            "step": step,
            "challenge": challenge,
            "session": session,
            "issued_at": now,
            "expires_at": expiry,
        }
        return self.record.model_copy(update=update)


@contextmanager
def _session_spent() -> Generator[None]:
    """A request of this event has used the record's session up: what goes wrong now is not mended
    by the same event.
    """
    try:
        yield
    except AuthFlowError as error:
        error.retryable = False
        raise


def _ask(call: Call) -> Dialogue[AuthReply]:
    return AuthReply.read(call.operation, (yield call))
