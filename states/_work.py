"""The states at work, which a flow is in while it talks to the service. It never rests there."""

from __future__ import annotations

from auth_flow.states._device_proof import DeviceProof

AUTHENTICATING = "AUTHENTICATING"  # InitiateAuth, RespondToAuthChallenge, VerifySoftwareToken
PROVING_DEVICE = DeviceProof.name  # RespondToAuthChallenge, on the way back to AUTHENTICATING
REGISTERING = "REGISTERING"  # SignUp, ConfirmSignUp, ResendConfirmationCode
RECOVERING = "RECOVERING"  # ForgotPassword, ConfirmForgotPassword

WORK = (AUTHENTICATING, PROVING_DEVICE, REGISTERING, RECOVERING)
"""The states in which a request is under way."""
