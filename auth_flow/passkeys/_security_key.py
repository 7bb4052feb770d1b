"""A security key at a USB port, by the package fido2."""

from __future__ import annotations

import json
from collections.abc import Callable
from threading import Event, Lock
from typing import Any, TypeVar

from anyio import to_thread

from auth_flow.errors import PasskeyCancelled, PasskeyError
from auth_flow.passkeys._fido import (
    ClientError,
    CtapDevice,
    CtapError,
    CtapHidDevice,
    DefaultClientDataCollector,
    Fido2Client,
    PinRequiredError,
    PublicKeyCredentialCreationOptions,
    PublicKeyCredentialRequestOptions,
    UserInteraction,
    websafe_encode,
)
from auth_flow.passkeys._site import Site
from auth_flow.states._passkeys import (
    AuthenticationResponse,
    CreationOptions,
    RegistrationResponse,
    RequestOptions,
)

R = TypeVar("R")
Work = Callable[[Fido2Client, Event], R]
ERR = CtapError.ERR


class SecurityKey:
    """Makes and uses passkeys on a security key at a USB port.

    `rp_id` is the relying party id of the user pool, and `origin` the page to act as; the default
    is `https://` and the relying party id. Raises `PasskeyError` if they do not fit each other.

    `pin` is called if the key wants its PIN, and returns None if the person gives up. It is called
    once for each passkey, because a key locks itself after a few wrong PINs. `touch` is called when
    the key waits to be touched. Both are called in a worker thread, so they may block. `device` is
    the key to use; by default, the only one that is plugged in.

    A call that is cancelled also ends the wait of the key.
    """

    def __init__(
        self,
        rp_id: str,
        *,
        origin: str | None = None,
        pin: Callable[[], str | None] | None = None,
        touch: Callable[[], object] | None = None,
        device: CtapDevice | None = None,
    ) -> None:
        self._site = Site(rp_id, origin)
        self._person = _Person(pin, touch)
        self._device = device
        self._in_use = Lock()

    async def create(self, options: CreationOptions) -> RegistrationResponse:
        """Make a passkey on the key."""
        self._site.check(options.rp.id)
        members = _for_usb(options)
        members["rp"]["id"] = self._site.rp_id
        asked = PublicKeyCredentialCreationOptions.from_dict(members)

        def make(client: Fido2Client, stop: Event) -> dict[str, Any]:
            made = client.make_credential(asked, stop)
            data = made.response.attestation_object.auth_data
            answer = _plain(made)
            answer["response"]["authenticatorData"] = websafe_encode(data)
            answer["response"]["transports"] = ["usb"]
            return answer

        known = "This security key already has a passkey of the user."
        answer = await self._perform(make, PasskeyError(known, reason="InvalidStateError"))
        return RegistrationResponse.model_validate(answer)

    async def get(self, options: RequestOptions) -> AuthenticationResponse:
        """Sign in with a passkey on the key; with the first, if it has several of this site."""
        self._site.check(options.rp_id)
        members = {**_for_usb(options), "rpId": self._site.rp_id}
        asked = PublicKeyCredentialRequestOptions.from_dict(members)

        def use(client: Fido2Client, stop: Event) -> dict[str, Any]:
            return _plain(client.get_assertion(asked, stop).get_response(0))

        unknown = f"This security key has no passkey of the user for {self._site.rp_id}."
        answer = await self._perform(use, PasskeyError(unknown))
        return AuthenticationResponse.model_validate(answer)

    async def _perform(self, work: Work[R], ineligible: PasskeyError) -> R:
        stop = Event()
        try:
            return await to_thread.run_sync(
                self._in_thread, work, ineligible, stop, abandon_on_cancel=True
            )
        finally:
            stop.set()  # the thread then ends the wait of the key

    def _in_thread(self, work: Work[R], ineligible: PasskeyError, stop: Event) -> R:
        # A call that was cancelled may take a moment to let the key go.
        with self._in_use:
            device = self._device or _plugged_in()
            page = DefaultClientDataCollector(self._site.origin)
            try:
                return work(Fido2Client(device, page, self._person), stop)
            except ClientError as error:
                failure = _in_words(error, ineligible)
            except OSError as error:
                failure = PasskeyError(
                    f"The security key does not answer: {error}.", reason="NotReadableError"
                )
            finally:
                if device is not self._device:
                    device.close()
            raise failure


class _Person(UserInteraction):
    def __init__(
        self, pin: Callable[[], str | None] | None, touch: Callable[[], object] | None
    ) -> None:
        self._pin, self._touch = pin, touch

    def prompt_up(self) -> None:
        if self._touch is not None:
            self._touch()

    def request_pin(self, permissions: object, rp_id: str | None) -> str | None:
        if self._pin is None:
            raise PasskeyError(
                "The security key wants its PIN. Pass a function that asks for it: pin=….",
                reason="ConstraintError",
            )
        return self._pin()


def _plugged_in() -> CtapDevice:
    try:
        devices = list(CtapHidDevice.list_devices())
    except OSError as error:
        raise PasskeyError(
            f"The USB ports cannot be read: {error}.", reason="NotReadableError"
        ) from None
    if len(devices) == 1:
        return devices[0]
    for device in devices:
        device.close()
    problem = (
        "Several security keys are plugged in. Leave only one of them."
        if devices
        else "No security key was found. Plug one in. On Linux, a udev rule has to let you "
        "use it, such as those of the package libfido2."
    )
    raise PasskeyError(problem, reason="NotFoundError")


def _for_usb(options: CreationOptions | RequestOptions) -> dict[str, Any]:
    """Return options as JSON values, without the transports of passkeys: they are for browsers that
    choose among authenticators, and fido2 fails at those that it does not know.
    """
    members = options.to_json()
    for name in ("allowCredentials", "excludeCredentials"):
        for passkey in members.get(name, ()):
            passkey.pop("transports", None)
    return members


def _plain(response: Any) -> dict[str, Any]:
    """Return a response of fido2 as JSON values."""
    members: dict[str, Any] = json.loads(json.dumps(dict(response)))
    return members


_WORDS: dict[int, tuple[str, str]] = {
    ERR.PIN_INVALID: (
        "The PIN of the security key is wrong. After a few wrong ones the key locks itself.",
        "NotAllowedError",
    ),
    ERR.PIN_AUTH_BLOCKED: (
        "The security key takes no PIN any more until it has been plugged in again.",
        "NotAllowedError",
    ),
    ERR.PIN_BLOCKED: (
        "The security key is locked after too many wrong PINs. It has to be reset.",
        "NotAllowedError",
    ),
    ERR.KEY_STORE_FULL: ("The security key has no room for another passkey.", "ConstraintError"),
    ERR.UNSUPPORTED_ALGORITHM: (
        "The security key has none of the algorithms that the user pool accepts.",
        "NotSupportedError",
    ),
}
"""Messages and reasons by CTAP's number of an error."""


def _in_words(error: ClientError, ineligible: PasskeyError) -> PasskeyError:
    cause: object = getattr(error, "cause", None)
    code = cause.code if isinstance(cause, CtapError) else None
    if isinstance(error, PinRequiredError):
        return PasskeyCancelled("The person gave no PIN for the security key.")
    if code in _WORDS:
        message, reason = _WORDS[code]
        return PasskeyError(message, reason=reason)
    if error.code == ClientError.ERR.TIMEOUT or code == ERR.OPERATION_DENIED:
        return PasskeyCancelled("Nobody touched the security key in time.")
    if error.code == ClientError.ERR.DEVICE_INELIGIBLE:
        return ineligible
    if error.code == ClientError.ERR.CONFIGURATION_UNSUPPORTED:
        return PasskeyError(
            "The security key cannot do what the user pool wants: keep a passkey, and verify the "
            "person by a PIN or a fingerprint. Perhaps it has no PIN yet.",
            reason="ConstraintError",
        )
    return PasskeyError(f"The security key refused: {cause or error}.", reason="UnknownError")
