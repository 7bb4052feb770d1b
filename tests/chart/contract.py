"""Which state takes which event, and where that may lead: written down by hand, not derived from
the chart.
"""

from __future__ import annotations

CODES = (
    "CONFIRM_SIGN_IN_WITH_SMS_CODE",
    "CONFIRM_SIGN_IN_WITH_EMAIL_CODE",
    "CONFIRM_SIGN_IN_WITH_TOTP_CODE",
)
FACTORS, PASSKEY = "CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION", "CONFIRM_SIGN_IN_WITH_PASSKEY"
PASSWORD, NEW_PASSWORD = (
    "CONFIRM_SIGN_IN_WITH_PASSWORD",
    "CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED",
)
CUSTOM = "CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE"
MFA, MFA_SETUP = "CONTINUE_SIGN_IN_WITH_MFA_SELECTION", "CONTINUE_SIGN_IN_WITH_MFA_SETUP_SELECTION"
TOTP_SETUP, EMAIL_SETUP = "CONTINUE_SIGN_IN_WITH_TOTP_SETUP", "CONTINUE_SIGN_IN_WITH_EMAIL_SETUP"
SIGN_UP, READY = "CONFIRM_SIGN_UP", "COMPLETE_AUTO_SIGN_IN"
RESET, RESET_CODE = "RESET_PASSWORD", "CONFIRM_RESET_PASSWORD_WITH_CODE"
REDIRECT = "CONTINUE_SIGN_IN_WITH_REDIRECT"
IDLE, DONE = "IDLE", "DONE"

CHALLENGES = (
    *CODES,
    FACTORS,
    PASSKEY,
    PASSWORD,
    NEW_PASSWORD,
    CUSTOM,
    MFA,
    MFA_SETUP,
    TOTP_SETUP,
    EMAIL_SETUP,
)
UNFINISHED = (IDLE, *CHALLENGES, REDIRECT, SIGN_UP, READY, RESET, RESET_CODE)
STATES = (*UNFINISHED, DONE)

ACCEPTED: dict[str, tuple[str, ...]] = {
    "sign_in": STATES,
    "sign_in_with_redirect": STATES,
    "return_from_redirect": (REDIRECT,),
    "enter_code": (*CODES, TOTP_SETUP, SIGN_UP),
    "choose_mfa": (MFA, MFA_SETUP),
    "choose_factor": (FACTORS, PASSKEY),
    "enter_password": (PASSWORD,),
    "new_password": (NEW_PASSWORD,),
    "answer_challenge": (CUSTOM,),
    "set_up_email": (EMAIL_SETUP,),
    "present_passkey": (FACTORS, PASSKEY),
    "answer": (*CHALLENGES, REDIRECT, SIGN_UP, READY, RESET),
    "sign_up": (IDLE,),
    "confirm_sign_up": (SIGN_UP, IDLE),
    "resend_code": (SIGN_UP, RESET_CODE, IDLE),
    "auto_sign_in": (READY,),
    "reset_password": (RESET, IDLE),
    "confirm_reset_password": (RESET_CODE, IDLE),
    "cancel": UNFINISHED,
}
"""The states in which each event is accepted; `sign_in` in DONE only where nobody is signed in."""

WORK: dict[str, str] = {
    **dict.fromkeys(
        ("sign_in", "enter_code", "choose_mfa", "choose_factor", "enter_password", "new_password"),
        "AUTHENTICATING",
    ),
    **dict.fromkeys(
        (
            *("answer_challenge", "set_up_email", "present_passkey", "auto_sign_in"),
            "return_from_redirect",
        ),
        "AUTHENTICATING",
    ),
    **dict.fromkeys(("sign_up", "confirm_sign_up", "resend_code"), "REGISTERING"),
    **dict.fromkeys(("reset_password", "confirm_reset_password"), "RECOVERING"),
    "sign_in_with_redirect": REDIRECT,
}
"""The work that an event causes. `cancel` causes none, and a redirect goes on in the browser."""

LOCAL: dict[tuple[str, str], str] = {
    (FACTORS, "choose_factor"): PASSWORD,
    (PASSKEY, "choose_factor"): PASSWORD,
    (MFA_SETUP, "choose_mfa"): EMAIL_SETUP,
}
"""Choices that Cognito takes together with what follows, so that nothing is sent for them alone."""

OTHER_WORK: dict[tuple[str, str], str] = {
    (SIGN_UP, "enter_code"): "REGISTERING",
    (RESET_CODE, "resend_code"): "RECOVERING",
}
"""Where the state decides what an event is about."""

OUTCOMES: dict[str, tuple[str, ...]] = {
    "AUTHENTICATING": (*CHALLENGES, "PROVING_DEVICE", SIGN_UP, RESET, READY, DONE, IDLE),
    "PROVING_DEVICE": ("AUTHENTICATING",),
    "REGISTERING": (SIGN_UP, READY, DONE),
    "RECOVERING": (RESET_CODE, READY, DONE),
}
"""Where the service's reply may lead."""

NAMED = ("username_is_possible", "username_is_known")
AWAY = ("domain_is_known", "redirect_uri_is_possible")
CREDENTIALS = ("username_is_possible", "password_fits_options")

GUARDS: dict[tuple[str, str], set[frozenset[str]]] = {
    (IDLE, "sign_up"): {frozenset({"username_is_possible"})},
    (IDLE, "confirm_sign_up"): {frozenset({*NAMED, "code_is_one_word"})},
    (IDLE, "confirm_reset_password"): {
        frozenset({*NAMED, "code_is_one_word", "password_is_given"})
    },
    (IDLE, "resend_code"): {frozenset(NAMED)},
    (IDLE, "reset_password"): {frozenset(NAMED)},
    (DONE, "sign_in"): {frozenset({"is_signed_out", *CREDENTIALS})},
    **{(state, "sign_in_with_redirect"): {frozenset(AWAY)} for state in UNFINISHED},
    (DONE, "sign_in_with_redirect"): {frozenset({"is_signed_out", *AWAY})},
    (REDIRECT, "return_from_redirect"): {
        frozenset({"return_is_of_this_sign_in", "session_is_alive"})
    },
    (READY, "auto_sign_in"): {frozenset({"credentials_are_at_hand"})},
    (NEW_PASSWORD, "new_password"): {
        frozenset({"session_is_alive", "password_is_given", "missing_attributes_are_given"})
    },
    (CUSTOM, "answer_challenge"): {frozenset({"session_is_alive", "answer_is_given"})},
    (PASSKEY, "present_passkey"): {frozenset({"session_is_alive"})},
    (FACTORS, "present_passkey"): {frozenset({"session_is_alive", "passkey_was_asked_for"})},
    (EMAIL_SETUP, "set_up_email"): {frozenset({"session_is_alive", "address_is_an_address"})},
    (MFA, "choose_mfa"): {frozenset({"session_is_alive", "choice_is_offered"})},
    (FACTORS, "choose_factor"): {
        frozenset({"session_is_alive", "choice_is_offered"}),
        frozenset({"session_is_alive", "choice_is_offered", "chooses_password"}),
    },
    **{(state, "sign_in"): {frozenset(CREDENTIALS)} for state in UNFINISHED},
    **{
        (state, "enter_code"): {frozenset({"session_is_alive", "code_is_digits"})}
        for state in CODES[:2]
    },
    **{
        (state, "enter_code"): {frozenset({"session_is_alive", "code_is_six_digits"})}
        for state in (CODES[2], TOTP_SETUP)
    },
}
"""What guards the transitions of an event, where more than the session's age does."""
